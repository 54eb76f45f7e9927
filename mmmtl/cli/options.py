"""Options that several commands share; nothing here imports torch, so that ``--help`` is quick."""

import argparse
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from mmmtl.cli.command_line import KeyValues

if TYPE_CHECKING:
    from mmengine.config import Config, ConfigDict

CONFIG = 'config file, the name of a recipe, or FILE.py::ROW, a row of a table of configs'
LAUNCHERS = ('none', 'pytorch', 'slurm')
SPLITS = ('train', 'val', 'test')


def add_config(parser: argparse.ArgumentParser, text: str = CONFIG) -> None:
    """Add the positional argument ``config``."""
    parser.add_argument('config', help=text)


def at_least(minimum: int) -> Callable[[str], int]:
    """Return a type for ``add_argument``: a whole number of at least ``minimum``; anything else is a usage error."""

    def whole_number(text: str) -> int:
        if not re.fullmatch(r'-?[0-9]+', text) or int(text) < minimum:
            raise argparse.ArgumentTypeError(f'expected a whole number of at least {minimum}, found {text!r}')
        return int(text)

    return whole_number


def positive(text: str) -> float:
    """Read a positive, finite number; a type for ``add_argument``."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < float('inf'):
        raise argparse.ArgumentTypeError(f'expected a positive, finite number, found {text!r}')
    return number


def add_size(parser: argparse.ArgumentParser, of: str, default: tuple[int, int] | None = None) -> None:
    """Add ``--size``, the height and width of images in pixels.

    Args:
        parser: The parser.
        of: The images, for the help.
        default: The default; None if the command uses the size in training.
    """
    shown = f'{default[0]} {default[1]}' if default else 'that used in training'
    parser.add_argument(
        '--size',
        type=at_least(1),
        nargs=2,
        default=list(default) if default else None,
        metavar=('HEIGHT', 'WIDTH'),
        help=f'size of the {of} in pixels (default: {shown})',
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``--model`` and ``--checkpoint``, a network with weights."""
    parser.add_argument(
        '--model',
        default='rooms_lite0',
        help=f'network of the model zoo, {CONFIG} (default: rooms_lite0, for photographs of rooms)',
    )
    parser.add_argument('--checkpoint', help='its weights; a network of the model zoo has its own')


def add_cfg_options(parser: argparse.ArgumentParser, of: str = 'the config') -> None:
    """Add ``--cfg-options``, a dict of the entries to override in ``of``."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='KEY=VALUE',
        help=f'override entries of {of}, e.g. train_dataloader.batch_size=4',
    )


def add_split(parser: argparse.ArgumentParser, default: str = 'train') -> None:
    """Add ``--split``, the data loader of the config to use."""
    parser.add_argument(
        '--split', choices=SPLITS, default=default, help=f'data loader of the config (default: {default})'
    )


def split_dataset(config: 'Config', split: str) -> 'ConfigDict':
    """Return the config of the dataset of a split, one of `SPLITS`.

    Raises:
        ConfigError: The config has no data of this split.
    """
    from mmmtl.errors import ConfigError

    loader = config.get(f'{split}_dataloader')
    if not loader:
        raise ConfigError(f'--split {split}: the config has no {split}_dataloader; choose another split')
    return loader.dataset


def add_launcher(parser: argparse.ArgumentParser) -> None:
    """Add ``--launcher``, and ``--local-rank``, which launchers pass and which is ignored."""
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none', help='how the processes were started')
    parser.add_argument('--local-rank', '--local_rank', type=int, default=0, help=argparse.SUPPRESS)


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--metrics`` and ``--out`` of the commands that print a table of runs."""
    parser.add_argument(
        '--metrics',
        nargs='+',
        default=[],
        metavar='TASK/METRIC',
        help='columns (default: the primary metric of every task)',
    )
    parser.add_argument('--out', help='write the table to this file too')
