"""Options of the converters of posed videos."""

import argparse
from pathlib import Path

from mmmtl.cli.options import add_output_size, at_least


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
    add_output_size(parser)
    add_pair_rule(parser)


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
