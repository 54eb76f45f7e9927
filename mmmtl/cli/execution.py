"""Options of the commands that train many runs: how many at a time, here or as jobs of Slurm."""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mmmtl.cli.options import at_least

if TYPE_CHECKING:
    from mmmtl.experiments.planned_run import PlannedRun


def add_execution(parser: argparse.ArgumentParser) -> None:
    """Add ``--jobs``, ``--slurm`` and ``--slurm-options``."""
    parser.add_argument(
        '--jobs',
        type=at_least(1),
        metavar='N',
        help='runs at a time, which share the cores (or have OMP_NUM_THREADS threads each); 1 by default, the right '
        'number for one GPU; with --slurm no limit by default',
    )
    parser.add_argument(
        '--slurm',
        metavar='PARTITION',
        help='submit every run as a job of Slurm and return at once; the same command again lists the runs, submits '
        'those that have ended without scores, and prints the table when all are done',
    )
    parser.add_argument(
        '--slurm-options',
        nargs='+',
        default=[],
        metavar='NAME=VALUE',
        help='options of sbatch (default: time=24:00:00 cpus-per-task=5 gpus-per-task=1 requeue signal=USR1@120); '
        'gpus-per-task=0 trains on CPUs',
    )


def executor(args: argparse.Namespace) -> 'Callable[[Sequence[PlannedRun]], bool]':
    """Return the function that trains and tests runs, and returns whether all have scores."""
    if args.slurm is None:
        if args.slurm_options:
            args.parser.error('--slurm-options needs --slurm PARTITION')
        from mmmtl.experiments.sweep import train_and_test

        return partial(train_and_test, jobs=args.jobs or 1)
    from mmmtl.experiments.slurm_queue import SlurmQueue, read_sbatch_options

    return SlurmQueue(args.slurm, Path(args.work_dir) / 'slurm', read_sbatch_options(args.slurm_options), args.jobs)
