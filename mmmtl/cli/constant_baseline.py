"""Score the mean value, or the most frequent class, of the training set at each pixel."""

import argparse

from mmmtl.cli.options import add_cfg_options, add_config

ROW_NAME = 'constant baseline'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    parser.add_argument('--out', help='write the scores to this JSON file, for compare-runs')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Print the scores, and write them with ``--out``."""
    from mmmtl.apis import load_config
    from mmmtl.experiments.constant_baseline import constant_baseline
    from mmmtl.experiments.scores import write_scores

    config = load_config(args.config, args.cfg_options)
    scores = constant_baseline(config)
    width = max(map(len, scores), default=0)
    for name, value in scores.items():
        print(f'{name.ljust(width)}  {value:.4g}')
    if args.out:
        write_scores(args.out, {ROW_NAME: scores}, config)
