"""Segment the images of a dataset into regions, for losses that compare regions.

Every image gets a 16-bit PNG of its own size, 0 for no region; the dataset reads them with regions='DIR'.
If run again, it resumes where it stopped.
"""

import argparse
import sys
from pathlib import Path

from mmmtl.cli.command_line import KeyValues
from mmmtl.cli.device import add_device, check_device
from mmmtl.cli.options import add_cfg_options, add_config, add_split, at_least, split_dataset

BACKENDS = ('sam', 'felzenszwalb', 'slic', 'instances', 'semseg')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    parser.add_argument(
        '--backend',
        choices=BACKENDS,
        required=True,
        help="'sam' needs --checkpoint; 'instances' and 'semseg' use instances and classes of the dataset's labels, "
        'even of hidden ones',
    )
    parser.add_argument('--out', type=Path, required=True, help='folder to fill; use one per split')
    add_split(parser)
    parser.add_argument('--part', help='part of the dataset, if it is a ConcatDataset')
    parser.add_argument(
        '--settings',
        nargs='+',
        action=KeyValues,
        default={},
        metavar='KEY=VALUE',
        help='options of the backend, such as points_per_side=16 (SAM) or scale=300 (felzenszwalb)',
    )
    parser.add_argument('--checkpoint', type=Path, help="SAM's published weights")
    add_device(parser, 'SAM')
    parser.add_argument('--processes', type=at_least(1), default=1, help='number of images at a time')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Write the missing maps.

    Raises:
        ConfigError: An option is wrong, or the dataset has no such part.
        DataError: The folder contains maps made with different settings.
    """
    import numpy as np

    from mmmtl.progress import progress
    from mmmtl.pseudo_labels.region_backends import check_checkpoint, complete_settings
    from mmmtl.pseudo_labels.region_maps import Backend, check_manifest, region_map_jobs, run_jobs

    check_device(args.device)
    settings = complete_settings(args.backend, args.settings)
    weights = check_checkpoint(args.backend, settings, args.checkpoint)
    dataset = _dataset(args)
    jobs = region_map_jobs(dataset, args.backend, args.out)
    manifest = dict(
        backend=args.backend,
        settings=settings,
        checkpoint_sha256=weights,
        split=args.split,
        dataset=type(dataset).__name__,
        images=len(jobs),
    )
    check_manifest(args.out, manifest)
    results = run_jobs(jobs, Backend(args.backend, settings, args.checkpoint, args.device), args.processes)
    counts = dict(progress(results, description='regions', unit='image', total=len(jobs)))
    without_region = [path for path, count in counts.items() if count == 0]
    if without_region:
        print(
            f'warning: {len(without_region)} of {len(counts)} images have no region, the first is '
            f'{min(without_region)}',
            file=sys.stderr,
        )
    print(
        f'{args.out}: {len(counts)} images with a median of {np.median(list(counts.values())):g} regions, '
        f'{min(counts.values())} to {max(counts.values())}'
    )


def _dataset(args: argparse.Namespace):
    """Build the dataset of the split, without regions, which do not exist yet."""
    from mmmtl.configuration.load_config import load_config
    from mmmtl.errors import ConfigError
    from mmmtl.registry import DATASETS

    config = split_dataset(load_config(args.config, args.cfg_options), args.split)
    if 'parts' in config:
        if args.part not in config.parts:
            raise ConfigError(f'--part must be one of {", ".join(config.parts)}, found {args.part}')
        config = config.parts[args.part]
    elif args.part is not None:
        raise ConfigError(f'--part {args.part}: the dataset has no parts; omit the option')
    return DATASETS.build({**config, 'regions': None})
