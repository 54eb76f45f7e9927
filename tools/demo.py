"""The demo: draw rooms, train on them, test on unseen rooms, print one table, write sheets and metrics.json.

tools/demo.py [--work-dir work_dirs/demo] [--cfg-options a.b=c]
"""

import argparse
import os
from pathlib import Path

import torch
from mmengine.config import ConfigDict

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.experiments.constant_baseline import constant_baseline
from mmmtl.experiments.scores import print_scores, write_scores

CONFIG = Path(__file__).parents[1] / 'configs' / 'baseline' / 'aspp_resnet18_b8_2e_rooms_full.py'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Train a multi-task network on generated rooms in about five minutes.')
    parser.add_argument('--work-dir', default='work_dirs/demo', help='where everything goes')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, default={}, metavar='KEY=VALUE')
    return parser.parse_args()


@command
def main() -> None:
    args = parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    config = load_config(CONFIG, args.cfg_options)
    config.work_dir, config.log_level = args.work_dir, 'WARNING'  # the bars say enough
    config.custom_hooks = [
        ConfigDict(type='mmmtl.ProgressBarHook'),
        ConfigDict(type='mmmtl.VisualizationHook', folder=f'{args.work_dir}/sheets', every=20, most=8),
    ]
    runner = MultiTaskRunner.from_cfg(config)
    rows = {'untrained network': runner.test()}
    runner.train()
    rows['mean or mode per pixel'] = constant_baseline(config)
    rows['trained network'] = runner.test()
    write_scores(Path(args.work_dir) / 'metrics.json', rows, config)
    print(f'\n{len(runner.test_dataloader.dataset)} views of rooms that the network has never seen:\n')
    print_scores(rows, runner.model)
    print(f'\nscores: {args.work_dir}/metrics.json    sheets: {args.work_dir}/sheets/')


if __name__ == '__main__':
    main()
