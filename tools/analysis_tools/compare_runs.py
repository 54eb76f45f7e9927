"""Compare runs: tools/analysis_tools/compare_runs.py [NAME=]WORK_DIR... [--single [NAME=]WORK_DIR...] [--out FILE]."""

import argparse
from pathlib import Path

from mmmtl.cli.command_line import command
from mmmtl.experiments.paired_test import paired_test
from mmmtl.experiments.run_table import run_table


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Print a Markdown table of runs: mean and deviation over seeds.')
    parser.add_argument(
        'runs',
        nargs='+',
        metavar='[NAME=]WORK_DIR',
        help='where tools/test.py wrote metrics.json; runs of one config, or one NAME, are one row',
    )
    parser.add_argument(
        '--single',
        nargs='+',
        default=[],
        metavar='[NAME=]WORK_DIR',
        help='single-task runs, at least one per task: adds Delta_MTL against them',
    )
    parser.add_argument(
        '--metrics',
        nargs='+',
        default=[],
        metavar='TASK/MEASURE',
        help='columns (default: the primary metric of every task)',
    )
    parser.add_argument(
        '--paired',
        action='store_true',
        help='add the differences to the first row, seed by seed, with their standard errors',
    )
    parser.add_argument('--out', help='write the table to this file too')
    return parser.parse_args()


@command
def main() -> None:
    args = parse_args()
    table = run_table(args.runs, args.single, args.metrics)
    if args.paired:
        table += '\n' + paired_test(args.runs, args.metrics)
    print(table, end='')
    if args.out:
        Path(args.out).write_text(table)


if __name__ == '__main__':
    main()
