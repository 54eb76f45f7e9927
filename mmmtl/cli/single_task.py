"""Train and test the single-task baselines of a multi-task config, and print a Markdown table.

Each network learns one task with the recipe of the config, on the images that have a label of this task. --against
adds multi-task runs and their Delta_MTL to the table. If run again, it runs only what is missing.
"""

import argparse
from pathlib import Path

from mmmtl.cli.execution import add_execution, executor
from mmmtl.cli.options import add_cfg_options, add_config, add_table_options, at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    parser.add_argument('--seeds', nargs='+', type=at_least(0), default=[0], help='seeds of the runs (default: 0)')
    parser.add_argument(
        '--work-dir', default='work_dirs', help='runs go to WORK_DIR/CONFIG_single/TASK/seed_S (default: work_dirs)'
    )
    add_execution(parser)
    parser.add_argument(
        '--against',
        nargs='+',
        default=[],
        metavar='[NAME=]WORK_DIR',
        help='multi-task runs: rows of the table, with their Delta_MTL',
    )
    parser.add_argument(
        '--select',
        type=float,
        metavar='FRACTION',
        help='hold out this fraction of the training scenes, in (0, 1), and report the checkpoint that is best on '
        'them; the last checkpoint by default',
    )
    add_table_options(parser)
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Train, test and print the table."""
    from mmmtl.experiments.run_table import run_table
    from mmmtl.experiments.single_task_runs import single_task_runs
    from mmmtl.files.atomic_path import write_text_file

    execute = executor(args)
    runs = single_task_runs(args.config, args.seeds, Path(args.work_dir), args.cfg_options, args.select)
    if not execute([run for seeds in zip(*runs.values(), strict=True) for run in seeds]):
        return  # Slurm jobs are still running
    single = [f'single {task}={run.work_dir}' for task, seeds in runs.items() for run in seeds]
    table = run_table(args.against, single, args.metrics) if args.against else run_table(single, (), args.metrics)
    print(table, end='')
    if args.out:
        write_text_file(Path(args.out), table)
