"""Pretrain each task alone, then train all tasks jointly.

The joint training starts from the heads of all tasks and from the encoder of the first task given. If run again, it
resumes where it stopped.
"""

import argparse
from pathlib import Path

from mmmtl.cli.options import add_cfg_options, add_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser, 'config of the joint training')
    parser.add_argument(
        '--pretrain',
        nargs='+',
        required=True,
        metavar='TASK=CONFIG',
        help='a config for each task; the encoder is taken from the first',
    )
    parser.add_argument('--work-dir', help='stages go to folders below it (default: work_dirs/CONFIG)')
    add_cfg_options(parser, 'the configs of all stages')


def run(args: argparse.Namespace) -> None:
    """Train all stages."""
    from mmmtl.configuration.load_config import load_config
    from mmmtl.configuration.recipes import recipe_name
    from mmmtl.engine.work_dir import lock_work_dir
    from mmmtl.experiments.pretraining import parse_stages, train_stage, write_joint_start

    folder = Path(args.work_dir or f'work_dirs/{recipe_name(args.config)}')
    joint = load_config(args.config, args.cfg_options)
    stages = parse_stages(args.pretrain, joint)
    configs = {task: load_config(path, args.cfg_options) for task, path in stages.items()}
    checkpoints = {task: train_stage(config, folder / f'pretrain_{task}') for task, config in configs.items()}
    with lock_work_dir(folder, wait=True):
        merged = write_joint_start(joint, checkpoints, folder / 'merged.pth')
    print(f'{train_stage(joint, folder / "joint", merged)}: trained from {merged}')
