"""Train and test every recipe with every seed, and print a Markdown table.

If run again, it runs only what is missing, and resumes what was interrupted. So the same command with and without
--validation trains once.
"""

import argparse
from pathlib import Path

from mmmtl.cli.execution import add_execution, executor
from mmmtl.cli.options import add_cfg_options, at_least
from mmmtl.cli.table_output import add_table_output, check_table_output, print_table

ALL_SHIPPED = ''  # value of --list without a folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        'recipes',
        nargs='*',
        metavar='RECIPE',
        help='config files or names of recipes (one row each), tables (all of their rows) or rows: FILE.py::ROW',
    )
    parser.add_argument(
        '--list',
        nargs='?',
        const=ALL_SHIPPED,
        metavar='FOLDER',
        help='list every recipe and row below a folder (default: the recipes of mmmtl), and do nothing else',
    )
    parser.add_argument(
        '--seeds', nargs='+', type=at_least(0), default=[0, 1, 2], help='seeds of the runs (default: 0 1 2)'
    )
    parser.add_argument(
        '--work-dir', default='work_dirs', help='runs go to WORK_DIR/RECIPE/seed_S (default: work_dirs)'
    )
    add_execution(parser)
    parser.add_argument(
        '--pretrain',
        nargs='+',
        default=[],
        metavar='TASK=CONFIG',
        help='first train each task alone, once per seed; all rows start from these weights, with the encoder '
        'of the first task',
    )
    parser.add_argument(
        '--validation',
        action='store_true',
        help='evaluate on the validation data instead of the test data, to choose settings',
    )
    add_table_output(parser)
    add_cfg_options(parser, 'all configs')


def run(args: argparse.Namespace) -> None:
    """Print the list of recipes, or train and print the table."""
    if args.list is not None:
        print('\n'.join(recipe_names(args.list)))
        return
    if not args.recipes:
        args.parser.error('name a recipe, or --list all of them')
    from mmmtl.experiments.evaluated_data import EvaluatedData
    from mmmtl.experiments.table_runs import TableRuns

    data = EvaluatedData.VALIDATION if args.validation else EvaluatedData.TEST
    check_table_output(args, data.name.lower())
    scores = TableRuns(
        args.recipes, args.seeds, Path(args.work_dir), executor(args), args.cfg_options, args.pretrain, data
    ).train()
    if scores:
        print_table(args, scores)


def recipe_names(folder: str) -> list[str]:
    """Return the names of the recipes below a folder, in the form that every command accepts."""
    from mmmtl.configuration.recipes import all_recipes
    from mmmtl.configuration.shipped_recipes import recipes_folder

    if folder != ALL_SHIPPED:
        return all_recipes(folder)
    return [str(Path(name).relative_to(recipes_folder().parent)) for name in all_recipes(recipes_folder())]
