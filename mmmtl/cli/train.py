"""Train a multi-task network."""

import argparse

from mmmtl.cli.options import add_cfg_options, add_config, add_launcher

TRACKERS = ('tensorboard', 'wandb')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    parser.add_argument('--work-dir', help='folder for logs and checkpoints (default: work_dirs/CONFIG)')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='continue from a checkpoint, or from the latest one of the work dir; a different batch '
        'size, different images or labels need --cfg-options resume_despite=batch,images,labels',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision: fp16 on a GPU, bf16 on a CPU')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='multiply the learning rate by the batch size of all processes / auto_scale_lr.base_batch_size',
    )
    parser.add_argument(
        '--visualizer',
        choices=TRACKERS,
        help='log to TensorBoard or Weights & Biases too; wandb is offline unless WANDB_MODE is set',
    )
    add_cfg_options(parser)
    add_launcher(parser)


def run(args: argparse.Namespace) -> None:
    """Train.

    Raises:
        ConfigError: The config is invalid, a package of ``--visualizer`` is missing, or the work dir holds an earlier
            run that is not resumed.
    """
    from mmmtl.apis import MultiTaskRunner, load_config
    from mmmtl.checkpoints.latest_checkpoint import latest_checkpoint
    from mmmtl.configuration.recipes import recipe_name
    from mmmtl.configuration.vis_backends import add_tracker
    from mmmtl.engine.work_dir import lock_work_dir
    from mmmtl.errors import ConfigError

    amp = {'optim_wrapper.type': 'mmmtl.MixedPrecisionOptimWrapper'} if args.amp else {}
    scale_lr = {'auto_scale_lr.enable': True} if args.auto_scale_lr else {}
    config = load_config(args.config, {**args.cfg_options, **amp, **scale_lr})
    if args.visualizer:
        add_tracker(config, args.visualizer)
    config.work_dir = args.work_dir or config.get('work_dir') or f'work_dirs/{recipe_name(args.config)}'
    config.launcher = args.launcher
    if args.resume:
        config.resume = True
        config.load_from = None if args.resume == 'auto' else args.resume
    with lock_work_dir(config.work_dir):
        earlier = latest_checkpoint(config.work_dir)
        if earlier and not config.get('resume'):
            raise ConfigError(
                f'{earlier}: left by an earlier run, which a new one would overwrite; continue it with '
                '--resume, or choose another --work-dir'
            )
        MultiTaskRunner.from_cfg(config).train()
