"""Measure how well a consistency loss separates true pairs of labels from false ones during training.

Trains the config. In every K-th iteration, the loss of fixed training images is computed with labels as predictions:
the true ones, those of another image, and changed ones. A second table has, for each task, the cosine between the
gradient of the loss and that of the task's own loss, whose label is hidden from the former. The images need labels of
all tasks; the training itself uses the label setting of the config.
"""

import argparse

from mmmtl.cli.options import add_cfg_options, add_config, at_least
from mmmtl.cli.task_conflict import IMAGES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    parser.add_argument('checkpoint', nargs='?', help='initial weights (default: the initialization of the config)')
    parser.add_argument('--loss', metavar='NAME', help='key in model.consistency_losses (default: the only one)')
    parser.add_argument(
        '--interval', type=at_least(1), default=25, metavar='K', help='iterations between measurements (default: 25)'
    )
    parser.add_argument(
        '--images', type=at_least(2), default=16, metavar='N', help='training images to measure on (default: 16)'
    )
    parser.add_argument(
        '--pretrain',
        type=at_least(0),
        default=0,
        metavar='N',
        help='first train only the networks of the loss, on true pairs of labels, for N iterations',
    )
    parser.add_argument('--save', metavar='FILE.pth', help='write the weights of the loss after --pretrain')
    parser.add_argument('--curves', metavar='FILE.json', help='write the losses and cosines of each measurement')
    parser.add_argument('--out', metavar='FILE.png', help='draw the curves')
    parser.add_argument(
        '--work-dir', default='work_dirs/consistency_oracle', help='folder of the run (default: %(default)s)'
    )
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Print the tables and write the requested files.

    Raises:
        ConfigError: The model has no such consistency loss, a file name has an unknown suffix, or --save is
            given without --pretrain.
    """
    import json
    from pathlib import Path

    from mmmtl.apis import load_config
    from mmmtl.errors import ConfigError
    from mmmtl.experiments.consistency_oracle import ConsistencyOracleHook
    from mmmtl.experiments.measured_training import check_output, train_measured
    from mmmtl.experiments.oracle_figures import cosine_table, draw_oracle, oracle_table
    from mmmtl.files.atomic_path import write_text_file

    config = load_config(args.config, args.cfg_options)
    names = list(config.model.get('consistency_losses') or {})
    if not names:
        raise ConfigError(f'{args.config} has no consistency loss; choose a config with model.consistency_losses')
    if args.loss not in names and not (args.loss is None and len(names) == 1):
        found = f'found {args.loss}' if args.loss else 'choose one'
        raise ConfigError(f'--loss: expected a consistency loss of {args.config}, one of {", ".join(names)}; {found}')
    if args.save and not args.pretrain:
        raise ConfigError('--save needs --pretrain N')
    for path, suffixes in ((args.out, IMAGES), (args.curves, ('.json',)), (args.save, ('.pth',))):
        if path:
            check_output(path, suffixes)
    name = args.loss or names[0]
    hook = ConsistencyOracleHook(name, args.interval, args.images, args.pretrain, args.save)
    train_measured(config, hook, args.work_dir, args.checkpoint)
    print(oracle_table(hook.curve))
    print(cosine_table(hook.cosines), end='')
    if args.curves:
        write_text_file(Path(args.curves), json.dumps({'losses': hook.curve, 'cosines': hook.cosines}, indent=1) + '\n')
    if args.out:
        draw_oracle(Path(args.out), hook.curve, hook.cosines, name)
