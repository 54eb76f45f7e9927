"""Options of the converters of posed videos."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmmtl.cli.options import add_size, at_least

Sequence = tuple[str, Any, Any]  # name, frames and intrinsics


def add_sequences(parser: argparse.ArgumentParser, text: str, every: int) -> None:
    """Add ``SEQUENCE... DST`` and the options that choose pairs of frames.

    Args:
        parser: Parser of the converter.
        text: Description of a sequence, for the help.
        every: Default of ``--every``.
    """
    parser.add_argument('sequences', type=Path, nargs='+', help=text)
    parser.add_argument('dst', type=Path, help='folder to fill; existing files are kept')
    parser.add_argument('--every', type=at_least(1), default=every, help=f'use one frame in EVERY (default: {every})')
    add_size(parser, 'images', (240, 320))
    add_pair_rule(parser)


def convert_sequences(args: argparse.Namespace, read: Callable[[Path, int], Sequence]) -> None:
    """Convert sequences to pairs.

    Args:
        args: Values of the options of `add_sequences`.
        read: Function of a folder and ``every`` that returns the name of a sequence, its frames and its intrinsics.

    Raises:
        ConfigError: Two sequences have the same name.
    """
    from mmmtl.dataset_converters.posed_scenes import write_pairs
    from mmmtl.datasets.overlapping_views import PairRule
    from mmmtl.errors import ConfigError
    from mmmtl.files.output_folder import Output

    sequences: dict[str, tuple[Path, Sequence]] = {}
    for folder in args.sequences:
        sequence = read(Path(os.path.abspath(folder)), args.every)  # '.' has no name
        if sequence[0] in sequences:
            raise ConfigError(
                f'{folder}: called {sequence[0]}, as is {sequences[sequence[0]][0]}; convert them to different folders'
            )
        sequences[sequence[0]] = folder, sequence
    output, rule = Output(args.dst), PairRule(tuple(args.overlap), tuple(args.baseline))
    for _, sequence in sequences.values():
        write_pairs(output, *sequence, size=tuple(args.size), rule=rule)


def add_pair_rule(parser: argparse.ArgumentParser) -> None:
    """Add ``--overlap`` and ``--baseline``."""
    parser.add_argument(
        '--overlap',
        type=float,
        nargs=2,
        default=(0.6, 0.9),
        metavar=('LEAST', 'MOST'),
        help='overlap of the views of a pair, a fraction of the pixels (default: 0.6 0.9)',
    )
    parser.add_argument(
        '--baseline',
        type=float,
        nargs=2,
        default=(0.05, 0.3),
        metavar=('LEAST', 'MOST'),
        help='distance between the cameras of a pair in metres (default: 0.05 0.3)',
    )
