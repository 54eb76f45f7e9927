"""Train a table: tools/analysis_tools/train_table.py CONFIG... [--seeds 0 1 2] [--jobs N] [--out FILE]."""

import argparse
from pathlib import Path

from mmengine.config import DictAction

from mmmtl.apis.command_line import command
from mmmtl.apis.many_runs import PlannedRun, train_and_test
from mmmtl.apis.paired_differences import paired_differences
from mmmtl.apis.run_table import run_table


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Train and test every config with every seed, and print a Markdown table. Started again, it '
                    'does what is left, and goes on with what was interrupted.')
    parser.add_argument('configs', nargs='+', metavar='CONFIG', help='config files, one row each')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2], help='default: 0 1 2')
    parser.add_argument('--jobs', type=int, default=1, metavar='N',
                        help='runs at a time, which share the cores; 1 by default, the right number for one GPU')
    parser.add_argument('--work-dir', default='work_dirs', help='runs go to WORK_DIR/CONFIG/seed_S')
    parser.add_argument('--single', nargs='+', default=[], metavar='[NAME=]WORK_DIR',
                        help='single-task runs: adds Delta_MTL against them')
    parser.add_argument('--measures', nargs='+', default=[], metavar='TASK/MEASURE',
                        help='columns (default: the headline of every task)')
    parser.add_argument('--paired', action='store_true',
                        help='add the differences to the first row, seed by seed, with their standard errors')
    parser.add_argument('--out', help='write the table to this file too')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE',
                        help='override entries of all configs')
    return parser.parse_args()


@command
def main() -> None:
    args = parse_args()
    rows = [[PlannedRun(Path(config), Path(args.work_dir) / Path(config).stem / f'seed_{seed}', seed, args.cfg_options)
             for seed in args.seeds] for config in args.configs]
    train_and_test([run for seeds in zip(*rows, strict=True) for run in seeds], args.jobs)  # first seeds first
    dirs = [str(run.work_dir) for row in rows for run in row]
    table = run_table(dirs, args.single, args.measures)
    if args.paired:
        table += '\n' + paired_differences(dirs, args.measures)
    print(table, end='')
    if args.out:
        Path(args.out).write_text(table)


if __name__ == '__main__':
    main()
