"""Print a Markdown table of runs: mean and standard deviation over seeds."""

import argparse
from pathlib import Path

from mmmtl.cli.options import add_paired, add_single, add_table_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        'runs',
        nargs='+',
        metavar='[NAME=]WORK_DIR',
        help='folder with the metrics.json of a test; runs of one config, or one NAME, are one row',
    )
    add_single(parser)
    add_paired(parser)
    add_table_options(parser)


def run(args: argparse.Namespace) -> None:
    """Print the table, and write it with ``--out``."""
    from mmmtl.experiments.paired_test import paired_test
    from mmmtl.experiments.run_table import run_table
    from mmmtl.files.atomic_path import write_text_file

    table = run_table(args.runs, args.single, args.metrics)
    if args.paired:
        table += '\n' + paired_test(args.runs, args.metrics)
    print(table, end='')
    if args.out:
        write_text_file(Path(args.out), table)
