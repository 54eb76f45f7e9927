"""Train: tools/train.py CONFIG [--work-dir DIR] [--resume [CHECKPOINT]] [--amp] [--cfg-options A.B=C]."""

import argparse

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.checkpoints.checkpoint import latest_checkpoint
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.configuration.recipes import recipe_name
from mmmtl.engine.launch import LAUNCHERS
from mmmtl.engine.work_dir import lock_work_dir
from mmmtl.errors import ConfigError


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Train a multi-task network.')
    parser.add_argument('config', help='config file, or a row of a table: FILE.py::ROW')
    parser.add_argument('--work-dir', help='where logs and checkpoints go (default: work_dirs/CONFIG)')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from a checkpoint, or from the latest one of the work dir; another batch, other '
        'images or other labels need --cfg-options resume_despite=batch,images,labels',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision: fp16 on a GPU, bf16 on a CPU')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='KEY=VALUE',
        help='override entries of the config, e.g. train_dataloader.batch_size=4',
    )
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none', help='how the processes were started')
    parser.add_argument('--local-rank', '--local_rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


@command
def main() -> None:
    args = parse_args()
    amp = {'optim_wrapper.type': 'mmmtl.MixedPrecisionOptimWrapper'} if args.amp else {}
    config = load_config(args.config, {**args.cfg_options, **amp})
    config.work_dir = args.work_dir or config.get('work_dir') or f'work_dirs/{recipe_name(args.config)}'
    config.launcher = args.launcher
    if args.resume:
        config.resume = True
        config.load_from = None if args.resume == 'auto' else args.resume
    earlier = latest_checkpoint(config.work_dir)
    if earlier and not config.get('resume'):
        raise ConfigError(
            f'{earlier}: left by an earlier run, which a new one would overwrite; go on with it by '
            '--resume, or choose another --work-dir'
        )
    with lock_work_dir(config.work_dir):
        MultiTaskRunner.from_cfg(config).train()


if __name__ == '__main__':
    main()
