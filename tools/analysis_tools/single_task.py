"""Single-task baselines of a config: tools/analysis_tools/single_task.py CONFIG [--seeds 0] [--against RUN...]."""

import argparse
from pathlib import Path

from mmmtl.apis import load_config
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.configuration.recipes import recipe_name
from mmmtl.experiments.checkpoint_selection import selection_options
from mmmtl.experiments.run_table import run_table
from mmmtl.experiments.single_task import primary_metric_of, single_task_options
from mmmtl.experiments.sweep import PlannedRun, train_and_test


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Train and test one network per task, each by the recipe of a multi-task config and from the '
        'images that show its task there, and print a Markdown table; of other runs Delta_MTL against '
        'them. Started again, it does what is left.'
    )
    parser.add_argument('config', help='config file of a multi-task network, or a row of a table: FILE.py::ROW')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0], help='default: 0')
    parser.add_argument('--jobs', type=int, default=1, metavar='N', help='runs at a time, which share the cores')
    parser.add_argument('--work-dir', default='work_dirs', help='runs go to WORK_DIR/CONFIG_single/TASK/seed_S')
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
        metavar='SHARE',
        help='hold out this share of the training images and report the checkpoint that is best on '
        'them; the last checkpoint by default',
    )
    parser.add_argument(
        '--metrics',
        nargs='+',
        default=[],
        metavar='TASK/MEASURE',
        help='columns (default: the primary metric of every task)',
    )
    parser.add_argument('--out', help='write the table to this file too')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='KEY=VALUE',
        help='override entries of the config',
    )
    return parser.parse_args()


def planned_runs(args: argparse.Namespace) -> dict[str, list[PlannedRun]]:
    """The runs of each task."""
    folder = Path(args.work_dir) / f'{recipe_name(args.config)}_single'
    multi = load_config(args.config, args.cfg_options)
    runs = {}
    for task, options in single_task_options(multi, folder).items():
        options = {**args.cfg_options, **options}
        if args.select is not None:
            options |= selection_options(
                load_config(args.config, options), args.select, *primary_metric_of(multi, task)
            )
        runs[task] = [PlannedRun(args.config, folder / task / f'seed_{seed}', seed, options) for seed in args.seeds]
    return runs


@command
def main() -> None:
    args = parse_args()
    runs = planned_runs(args)
    train_and_test([run for seeds in zip(*runs.values(), strict=True) for run in seeds], args.jobs)
    single = [f'single {task}={run.work_dir}' for task, seeds in runs.items() for run in seeds]
    table = run_table(args.against, single, args.metrics) if args.against else run_table(single, (), args.metrics)
    print(table, end='')
    if args.out:
        Path(args.out).write_text(table)


if __name__ == '__main__':
    main()
