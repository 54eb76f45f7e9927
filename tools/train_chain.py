"""Pretrain each task, then train jointly: tools/train_chain.py CONFIG --pretrain depth=CONFIG semseg=CONFIG.

The joint training starts from the heads of all tasks and from the encoder of the first one named. Run it again and it
goes on where it stopped.
"""

import argparse
from pathlib import Path

from mmengine.config import Config

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.checkpoints.checkpoint import latest_checkpoint
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.configuration.recipes import recipe_name
from mmmtl.engine.work_dir import lock_work_dir
from mmmtl.experiments.pretraining import parse_stages, write_joint_start


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Pretrain each task by itself, then train all of them jointly.')
    parser.add_argument('config', help='config of the joint training')
    parser.add_argument(
        '--pretrain',
        nargs='+',
        required=True,
        metavar='TASK=CONFIG',
        help='a config for each task; the encoder is taken from the first',
    )
    parser.add_argument('--work-dir', help='stages go to folders below it (default: work_dirs/CONFIG)')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='KEY=VALUE',
        help='override entries of the configs of all stages',
    )
    return parser.parse_args()


def train(config: Config, work_dir: Path, start: Path | None = None) -> Path:
    """Train, or go on with an interrupted training, or do nothing more; the last checkpoint."""
    resumes = latest_checkpoint(work_dir) is not None
    config.work_dir, config.launcher, config.resume = str(work_dir), 'none', resumes
    config.load_from = None if resumes or start is None else str(start)
    config.experiment_name = work_dir.name  # MMEngine keeps what runs of one name have logged
    with lock_work_dir(work_dir):
        MultiTaskRunner.from_cfg(config).train()
    return latest_checkpoint(work_dir)


@command
def main() -> None:
    args = parse_args()
    folder = Path(args.work_dir or f'work_dirs/{recipe_name(args.config)}')
    joint = load_config(args.config, args.cfg_options)
    stages = parse_stages(args.pretrain, joint)
    configs = {task: load_config(path, args.cfg_options) for task, path in stages.items()}
    checkpoints = {task: train(config, folder / f'pretrain_{task}') for task, config in configs.items()}
    merged = write_joint_start(joint, checkpoints, folder / 'merged.pth')
    print(f'{train(joint, folder / "joint", merged)}: trained from {merged}')


if __name__ == '__main__':
    main()
