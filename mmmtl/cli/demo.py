"""Train a multi-task network on generated rooms, in about ten minutes on two CPU cores.

Renders rooms, trains, tests on unseen rooms, prints one table and writes sheets and metrics.json.
"""

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmtl.cli.constant_baseline import ROW_NAME as CONSTANT
from mmmtl.cli.options import add_cfg_options

if TYPE_CHECKING:
    from mmengine.config import Config

RECIPE = 'baseline/fpn_lite0_b8_2e_rooms_full'
FROM_SCRATCH = {'model.backbone.pretrained': False, 'optim_wrapper.optimizer.lr': 2e-3}
STORED = {  # scores of `mmmtl demo --from-scratch`
    'trained from scratch (stored)': {'semseg/mIoU': 0.3021, 'depth/abs_rel': 0.2625, 'normal/mean': 29.02}
}
LEARNT = 0.1  # IoU above which a class counts as learnt to some degree


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('--work-dir', default='work_dirs/demo', help='folder for all output (default: %(default)s)')
    parser.add_argument('--from-scratch', action='store_true', help='do not use pretrained weights')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Train and test, and compare with the untrained network, a constant prediction and training from scratch."""
    import torch
    from mmengine.config import ConfigDict

    from mmmtl.apis import MultiTaskRunner
    from mmmtl.experiments.constant_baseline import constant_baseline
    from mmmtl.experiments.scores import print_scores, write_scores
    from mmmtl.experiments.sweep import threads_per_run

    start = time.monotonic()
    torch.set_num_threads(threads_per_run(jobs=1))
    config = demo_config(args.cfg_options, args.from_scratch)
    config.work_dir, config.log_level = args.work_dir, 'WARNING'  # the progress bars suffice
    config.custom_hooks = [
        ConfigDict(type='mmmtl.ProgressBarHook'),
        ConfigDict(type='mmmtl.VisualizationHook', folder=f'{args.work_dir}/sheets', interval=20, max_images=8),
    ]
    runner = MultiTaskRunner.from_cfg(config)
    rows = {'untrained network': runner.test()}
    runner.train()
    rows[CONSTANT] = constant_baseline(config)
    trained = runner.test()
    write_scores(Path(args.work_dir) / 'metrics.json', {**rows, 'trained network': trained}, config)
    comparable = config.model.backbone.pretrained and not args.cfg_options  # other options change the scores
    print(f'\n{len(runner.test_dataloader.dataset)} views of rooms that the network has never seen:\n')
    name = f'trained from {"pretrained weights" if config.model.backbone.pretrained else "scratch"}'
    print_scores({**rows, **(STORED if comparable else {}), name: trained}, runner.model)
    print(f'\n{learnt_classes(trained)}')
    if comparable:
        print('stored: the same network without pretrained weights; to train it, run  mmmtl demo --from-scratch')
    print(f'scores: {args.work_dir}/metrics.json    sheets: {args.work_dir}/sheets/')
    print(f'{time.monotonic() - start:.0f} seconds, with rendering and tests')


def demo_config(options: Mapping[str, Any], from_scratch: bool) -> 'Config':
    """Load the recipe.

    Args:
        options: Changes of its entries, ``{'a.b': value}``.
        from_scratch: Whether to train without pretrained weights; also done, with a note, if their package is missing.
    """
    from mmmtl.apis import load_config
    from mmmtl.configuration.shipped_recipes import recipes_folder
    from mmmtl.models.backbones.packaged_weights import INSTALL, PACKAGED

    path = recipes_folder() / f'{RECIPE}.py'
    weights = PACKAGED[load_config(path).model.backbone.model_name]
    if not from_scratch and not weights.is_installed:
        print(f'{weights.package} is not installed: training from scratch; {INSTALL} for better scores')
        from_scratch = True
    return load_config(path, {**(FROM_SCRATCH if from_scratch else {}), **options})


def learnt_classes(scores: Mapping[str, float]) -> str:
    """Return how many classes have an IoU above `LEARNT`, and name the others."""
    prefix = 'semseg/IoU/'
    ious = {key.removeprefix(prefix): value for key, value in scores.items() if key.startswith(prefix)}
    below = [f'{name} {value:.2f}' for name, value in ious.items() if not value > LEARNT]
    return f'{len(ious) - len(below)} of {len(ious)} classes have an IoU above {LEARNT}' + (
        f'; below: {", ".join(below)}' if below else ''
    )
