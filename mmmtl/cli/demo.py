"""Train a multi-task network on generated rooms in about five minutes.

Renders rooms, trains, tests on unseen rooms, prints one table and writes sheets and metrics.json.
"""

import argparse
import os
from pathlib import Path

from mmmtl.cli.options import add_cfg_options

RECIPE = 'baseline/aspp_resnet18_b8_2e_rooms_full'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('--work-dir', default='work_dirs/demo', help='where everything goes')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Train and test, and compare with the untrained network and with a constant prediction."""
    import torch
    from mmengine.config import ConfigDict

    from mmmtl.apis import MultiTaskRunner, load_config
    from mmmtl.configuration.shipped_recipes import recipes_folder
    from mmmtl.experiments.constant_baseline import constant_baseline
    from mmmtl.experiments.scores import print_scores, write_scores

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    config = load_config(recipes_folder() / f'{RECIPE}.py', args.cfg_options)
    config.work_dir, config.log_level = args.work_dir, 'WARNING'  # the progress bars suffice
    config.custom_hooks = [
        ConfigDict(type='mmmtl.ProgressBarHook'),
        ConfigDict(type='mmmtl.VisualizationHook', folder=f'{args.work_dir}/sheets', interval=20, max_images=8),
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
