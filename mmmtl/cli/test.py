"""Test a multi-task network."""

import argparse
from copy import deepcopy
from pathlib import Path

from mmmtl.cli.options import add_cfg_options, add_config, add_launcher


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--work-dir', help='folder for logs (default: work_dirs/CONFIG)')
    parser.add_argument('--out', help='scores as JSON (default: metrics.json or validation.json in the work dir)')
    parser.add_argument('--validation', action='store_true', help='evaluate the validation data instead')
    parser.add_argument('--show-dir', help='write a sheet of visualizations of every test image to this folder')
    add_cfg_options(parser)
    add_launcher(parser)


def run(args: argparse.Namespace) -> None:
    """Test, print the primary metric of every task and write all metrics."""
    from mmengine.dist import is_main_process

    from mmmtl.apis import MultiTaskRunner, load_config
    from mmmtl.checkpoints.checkpoint import read_checkpoint
    from mmmtl.configuration.recipes import recipe_name
    from mmmtl.experiments.evaluated_data import EvaluatedData, evaluate_on
    from mmmtl.experiments.scores import print_scores, write_scores

    config = load_config(args.config, args.cfg_options)
    config.work_dir = args.work_dir or config.get('work_dir') or f'work_dirs/{recipe_name(args.config)}'
    config.launcher = args.launcher
    config.load_from, config.resume = args.checkpoint, False
    if (config.get('randomness') or {}).get('seed') is None:
        seed = read_checkpoint(args.checkpoint).get('meta', {}).get('seed')
        config.randomness = {**(config.get('randomness') or {}), 'seed': seed}
    data = EvaluatedData.VALIDATION if args.validation else EvaluatedData.TEST
    shown = deepcopy(config)
    evaluate_on(shown, data)
    if args.show_dir:
        shown.custom_hooks = [
            *config.get('custom_hooks', []),
            dict(type='mmmtl.VisualizationHook', folder=args.show_dir),
        ]
    runner = MultiTaskRunner.from_cfg(shown)
    scores = runner.test()
    if is_main_process():
        out = Path(args.out or Path(config.work_dir) / data.value)
        write_scores(out, {args.checkpoint: scores}, config, data)
        print_scores({Path(args.checkpoint).stem: scores}, runner.model)
        print(f'scores: {out}')
