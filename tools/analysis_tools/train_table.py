"""Train a table: tools/analysis_tools/train_table.py RECIPE... [--seeds 0 1 2] [--jobs N] [--out FILE].

A recipe is a config file, a table of rows (FILE.py) or one of its rows (FILE.py::ROW); --list names them all.
"""

import argparse
from pathlib import Path

from mmmtl.apis import load_config
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.configuration.recipe_digest import recipe_digest
from mmmtl.configuration.recipes import all_recipes, expand_recipes, recipe_name
from mmmtl.experiments.checkpoint_selection import reported_checkpoint
from mmmtl.experiments.paired_test import paired_test
from mmmtl.experiments.pretraining import parse_stages, write_joint_start
from mmmtl.experiments.run_table import run_table
from mmmtl.experiments.sweep import InitialWeights, PlannedRun, train_and_test


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Train and test every recipe with every seed, and print a Markdown table. Started again, it '
        'does what is left, and goes on with what was interrupted.'
    )
    parser.add_argument(
        'recipes',
        nargs='*',
        metavar='RECIPE',
        help='config files (one row each), tables (all of their rows) or rows: FILE.py::ROW',
    )
    parser.add_argument(
        '--list',
        nargs='?',
        const='configs',
        metavar='FOLDER',
        help='name every recipe and row below a folder (default: configs), and do nothing else',
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2], help='default: 0 1 2')
    parser.add_argument(
        '--jobs',
        type=int,
        default=1,
        metavar='N',
        help='runs at a time, which share the cores; 1 by default, the right number for one GPU',
    )
    parser.add_argument('--work-dir', default='work_dirs', help='runs go to WORK_DIR/RECIPE/seed_S')
    parser.add_argument(
        '--pretrain',
        nargs='+',
        default=[],
        metavar='TASK=CONFIG',
        help='train each task by itself first, once for each seed; all rows start from there, with the '
        'encoder of the first one named',
    )
    parser.add_argument(
        '--single',
        nargs='+',
        default=[],
        metavar='[NAME=]WORK_DIR',
        help='single-task runs: adds Delta_MTL against them',
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
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='KEY=VALUE',
        help='override entries of all configs',
    )
    args = parser.parse_args()
    if not (args.recipes or args.list):
        parser.error('name a recipe, or --list all of them')
    return args


def planned(config: str, args: argparse.Namespace, seed: int, start: InitialWeights | None = None) -> PlannedRun:
    folder = Path(args.work_dir) / recipe_name(config) / f'seed_{seed}'
    return PlannedRun(config, folder, seed, args.cfg_options, start)


def pretrained(args: argparse.Namespace) -> dict[int, InitialWeights]:
    """For every seed, the weights of trainings on each task alone, put together; none without such trainings."""
    if not args.pretrain:
        return {}
    joint = load_config(args.recipes[0], args.cfg_options)
    stages = parse_stages(args.pretrain, joint)
    runs = {seed: {task: planned(config, args, seed) for task, config in stages.items()} for seed in args.seeds}
    train_and_test([run for of_seed in runs.values() for run in of_seed.values()], args.jobs)
    starts = {}
    for seed, of_seed in runs.items():
        configs = {task: run.load() for task, run in of_seed.items()}
        path = write_joint_start(
            joint,
            {task: reported_checkpoint(configs[task], run.work_dir) for task, run in of_seed.items()},
            Path(args.work_dir) / f'pretrained_seed_{seed}.pth',
        )
        starts[seed] = InitialWeights(path, {task: recipe_digest(config) for task, config in configs.items()})
    return starts


@command
def main() -> None:
    args = parse_args()
    if args.list:
        print('\n'.join(all_recipes(args.list)))
        return
    args.recipes = expand_recipes(args.recipes)
    starts = pretrained(args)
    rows = [[planned(config, args, seed, starts.get(seed)) for seed in args.seeds] for config in args.recipes]
    train_and_test([run for seeds in zip(*rows, strict=True) for run in seeds], args.jobs)  # first seeds first
    dirs = [str(run.work_dir) for row in rows for run in row]
    table = run_table(dirs, args.single, args.metrics)
    if args.paired:
        table += '\n' + paired_test(dirs, args.metrics)
    print(table, end='')
    if args.out:
        Path(args.out).write_text(table)


if __name__ == '__main__':
    main()
