"""Write pseudo disparity and confidence for the pairs of a split.

The files are written to the folder from which the config's LoadPseudoLabels (or StereoMatches) reads them. If run
again, the command resumes where it stopped.
"""

import argparse

from mmmtl.cli.device import add_device, check_device
from mmmtl.cli.options import add_cfg_options, add_config, add_split, split_dataset

# options of SemiGlobalMatcher: name -> (default, help)
SGBM = {
    'disparities': (192, 'search range in pixels, a multiple of 16'),
    'block': (5, 'side of the matched blocks in pixels, odd'),
    'smoothness': (1.0, 'factor of the smoothness penalties'),
    'uniqueness': (5, 'margin in percent by which the best match must beat the second best'),
    'speckle': (0, 'connected regions with fewer pixels are unknown; 0 keeps all'),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    add_split(parser)
    parser.add_argument('--out', help="folder (default: the one that the config's LoadPseudoLabels names)")
    parser.add_argument(
        '--backend',
        choices=('sgbm', 'folder'),
        default='sgbm',
        help="OpenCV's semi-global matching, or disparities computed by another program",
    )
    for name, (value, text) in SGBM.items():
        parser.add_argument(
            f'--{name}', type=type(value), default=value, help=f'for --backend sgbm: {text} (default {value})'
        )
    parser.add_argument('--source', help='folder of computed disparities, for --backend folder')
    parser.add_argument(
        '--patterns',
        nargs=2,
        metavar=('LEFT', 'RIGHT'),
        help='file names below --source, with {record} and {stem}, e.g. {stem}_l.png {stem}_r.png',
    )
    for name, value, text in (
        ('scale', 1.0, 'pixels per unit of the file'),
        ('offset', 0.0, 'pixels'),
        ('void', 0.0, 'value of unknown disparities'),
    ):
        parser.add_argument(
            f'--{name}', type=float, default=value, help=f'for --backend folder: {text} (default {value:g})'
        )
    parser.add_argument(
        '--network',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='a trained confidence network (default: confidence is the left-right check)',
    )
    add_device(parser, 'the confidence network')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Write the files that are missing.

    Raises:
        ConfigError: Options contradict each other, or --out is missing and no transform of the split names a folder.
    """
    from mmmtl.configuration.load_config import load_config
    from mmmtl.datasets.label_readers.pseudo_disparity import MAX_DISPARITY
    from mmmtl.errors import ConfigError
    from mmmtl.pseudo_labels.pseudo_disparity import write_pseudo_disparity
    from mmmtl.pseudo_labels.stereo_matching import DisparityFolder, SemiGlobalMatcher

    check_device(args.device)
    config = split_dataset(load_config(args.config, args.cfg_options), args.split)
    if args.backend == 'sgbm':
        if args.disparities > MAX_DISPARITY:
            raise ConfigError(
                f'--disparities: must be at most {MAX_DISPARITY}, the limit of the 16-bit disparity files, found '
                f'{args.disparities}; use smaller images'
            )
        backend: SemiGlobalMatcher | DisparityFolder = SemiGlobalMatcher(**{name: getattr(args, name) for name in SGBM})
    elif args.source and args.patterns:
        backend = DisparityFolder(args.source, tuple(args.patterns), args.scale, args.offset, args.void)
    else:
        raise ConfigError('--backend folder needs --source and --patterns')
    write_pseudo_disparity(config, backend, (*args.network, args.device) if args.network else None, args.out)
