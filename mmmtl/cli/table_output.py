"""Options and output of the commands that compare runs."""

import argparse
from collections.abc import Sequence

from mmmtl.cli.options import add_table_options
from mmmtl.cli.task_conflict import IMAGES


def add_table_output(parser: argparse.ArgumentParser) -> None:
    """Add the options that `print_table` reads."""
    parser.add_argument(
        '--single',
        nargs='+',
        default=[],
        metavar='[NAME=]WORK_DIR',
        help='single-task runs, at least one per task: adds Delta_MTL against them',
    )
    parser.add_argument(
        '--paired',
        action='store_true',
        help='add the differences from the first row, seed by seed, with their standard errors, and the relative gains '
        'with 95%% intervals',
    )
    parser.add_argument('--plot', metavar='FILE.png', help='draw the relative gains over the first row')
    add_table_options(parser)


def check_table_output(args: argparse.Namespace, data: str | None = None) -> None:
    """Check the name of the figure and the single-task runs before runs are trained.

    Args:
        args: Options of the command.
        data: The data that the runs will be evaluated on, ``'test'`` or ``'validation'``; None if they have scores.

    Raises:
        ConfigError: The figure has an unknown suffix, or its folder cannot be created.
        DataError: A single-task run has no scores, or scores on other data.
    """
    from mmmtl.errors import DataError
    from mmmtl.experiments.measured_training import check_output
    from mmmtl.experiments.runs import read_run

    if args.plot:
        check_output(args.plot, IMAGES)
    for run in map(read_run, args.single):
        if data not in (None, run.data):
            raise DataError(f'--single: {run.path} has scores of the {run.data} data, the table of the {data} data')


def print_table(args: argparse.Namespace, runs: Sequence[str]) -> None:
    """Print the table of ``runs``, and write the requested files.

    Raises:
        ConfigError: ``--plot`` with columns that have no direction.
        DataError: See `run_table` and `pair_runs`.
    """
    from pathlib import Path

    from mmmtl.errors import ConfigError
    from mmmtl.experiments.paired_gains import draw_gains, gains_table, paired_gains
    from mmmtl.experiments.paired_runs import pair_runs
    from mmmtl.experiments.paired_test import paired_test
    from mmmtl.experiments.run_table import run_table
    from mmmtl.files.atomic_path import write_text_file

    table = run_table(runs, args.single, args.metrics)
    pairs = pair_runs(runs, args.metrics) if args.paired else None
    if pairs:
        parts = [table, paired_test(pairs), gains_table(pairs.reference, paired_gains(pairs))]
        table = '\n'.join(filter(None, parts))
    print(table, end='')
    if args.out:
        write_text_file(Path(args.out), table)
    if args.plot:
        pairs = pairs or pair_runs(runs, args.metrics)
        gains = paired_gains(pairs)
        if not any(gains.values()):
            raise ConfigError(
                '--plot: whether higher is better is unknown for these columns; choose others with --metrics'
            )
        draw_gains(Path(args.plot), pairs.reference, gains)
