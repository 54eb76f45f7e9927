"""Compare a confidence network with the left-right check on the pairs of the config's StereoMatches.

Prints the area under the sparsification curve of the network, of the left-right check, of no confidence at all, and of
an oracle, as a mean over the views. With --parts also for subsets of the pixels: those that are visible in both views,
those that are occluded in the other view, and those of each range of disparities.
"""

import argparse

from mmmtl.cli.options import add_cfg_options, add_config, add_split, split_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser, 'config of the network')
    parser.add_argument('checkpoint', help='checkpoint of the network')
    parser.add_argument(
        '--threshold', type=float, default=1.0, help='pixels beyond which a disparity is wrong (default 1)'
    )
    parser.add_argument(
        '--parts',
        nargs='*',
        type=float,
        metavar='EDGE',
        help='also compare on subsets of the pixels: visible in both views, occluded in the other view, and '
        'disparities between these edges in pixels',
    )
    add_split(parser, default='test')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Print the tables.

    Raises:
        ConfigError: The dataset of the split is not `StereoMatches`.
    """
    from mmmtl.apis import load_config
    from mmmtl.datasets import StereoMatches
    from mmmtl.errors import ConfigError
    from mmmtl.pseudo_labels.confidence_comparison import compare_confidence
    from mmmtl.pseudo_labels.stereo_matching import NetworkConfidence
    from mmmtl.registry import DATASETS

    config = load_config(args.config, args.cfg_options)
    dataset = DATASETS.build(split_dataset(config, args.split))
    if not isinstance(dataset, StereoMatches):
        raise ConfigError(
            f'{args.config}: the dataset of the {args.split} split must be StereoMatches, which has ground-truth '
            f'disparity, found {type(dataset).__name__}'
        )
    compare_confidence(dataset, NetworkConfidence(config, args.checkpoint), args.threshold, args.parts)
