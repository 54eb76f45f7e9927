"""Test: tools/test.py CONFIG CHECKPOINT [--work-dir DIR] [--out FILE] [--show-dir DIR] [--cfg-options A.B=C]."""

import argparse
from copy import deepcopy
from pathlib import Path

from mmengine.dist import is_main_process

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.checkpoints.checkpoint import read_checkpoint
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.configuration.recipes import recipe_name
from mmmtl.engine.launch import LAUNCHERS
from mmmtl.experiments.scores import print_scores, write_scores


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Test a multi-task network.')
    parser.add_argument('config', help='config file, or a row of a table: FILE.py::ROW')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--work-dir', help='where logs go (default: work_dirs/CONFIG)')
    parser.add_argument('--out', help='scores as JSON (default: metrics.json in the work dir)')
    parser.add_argument('--show-dir', help='write a picture sheet of every test image to this folder')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='KEY=VALUE',
        help='override entries of the config, e.g. test_dataloader.batch_size=4',
    )
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none', help='how the processes were started')
    parser.add_argument('--local-rank', '--local_rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


@command
def main() -> None:
    args = parse_args()
    config = load_config(args.config, args.cfg_options)
    config.work_dir = args.work_dir or config.get('work_dir') or f'work_dirs/{recipe_name(args.config)}'
    config.launcher = args.launcher
    config.load_from, config.resume = args.checkpoint, False
    if (config.get('randomness') or {}).get('seed') is None:
        seed = read_checkpoint(args.checkpoint).get('meta', {}).get('seed')
        config.randomness = {**(config.get('randomness') or {}), 'seed': seed}
    shown = deepcopy(config)
    if args.show_dir:
        shown.custom_hooks = [
            *config.get('custom_hooks', []),
            dict(type='mmmtl.VisualizationHook', folder=args.show_dir),
        ]
    runner = MultiTaskRunner.from_cfg(shown)
    scores = runner.test()
    if is_main_process():
        out = Path(args.out or Path(config.work_dir) / 'metrics.json')
        write_scores(out, {args.checkpoint: scores}, config)
        print_scores({Path(args.checkpoint).stem: scores}, runner.model)
        print(f'scores: {out}')


if __name__ == '__main__':
    main()
