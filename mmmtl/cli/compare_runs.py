"""Print a Markdown table of runs: mean and standard deviation over seeds."""

import argparse

from mmmtl.cli.table_output import add_table_output, check_table_output, print_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        'runs',
        nargs='+',
        metavar='[NAME=]WORK_DIR',
        help='folder with the metrics.json of a test, or a file such as validation.json; runs of one config, or one '
        'NAME, are one row',
    )
    add_table_output(parser)


def run(args: argparse.Namespace) -> None:
    """Print the table, and write the requested files."""
    check_table_output(args)
    print_table(args, args.runs)
