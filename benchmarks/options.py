"""Options that several benchmarks share."""

import argparse
from collections.abc import Sequence

import torch


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add ``--threads``."""
    parser.add_argument('--threads', type=int, default=2, help='threads of PyTorch (default: %(default)s)')


def add_device(parser: argparse.ArgumentParser, of: str) -> None:
    """Add ``--device``, by default a GPU if there is one; ``of`` names what runs on it."""
    parser.add_argument(
        '--device',
        default='cuda' if torch.cuda.is_available() else 'cpu',
        help=f'device of the {of} (default: %(default)s)',
    )


def add_names(parser: argparse.ArgumentParser, names: Sequence[str], text: str) -> None:
    """Add ``--names``, a choice of ``names``, by default all of them; ``text`` explains it."""
    parser.add_argument(
        '--names', nargs='+', default=names, choices=names, metavar='NAME', help=f'{text} (default: all)'
    )


def add_size(parser: argparse.ArgumentParser, height: int, width: int, of: str) -> None:
    """Add ``--size``, a height and a width in pixels; ``of`` names what has this size."""
    parser.add_argument(
        '--size',
        type=int,
        nargs=2,
        default=(height, width),
        metavar=('H', 'W'),
        help=f'size of {of} (default: {height} {width})',
    )
