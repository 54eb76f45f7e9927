"""Draw random samples of a dataset after its pipeline, as sheets."""

import argparse
from pathlib import Path

from mmmtl.cli.options import add_cfg_options, add_config, add_split, at_least, split_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    add_split(parser)
    parser.add_argument('--count', type=at_least(1), default=8, help='number of records')
    parser.add_argument(
        '--seed', type=at_least(0), default=0, help='random seed for the choice of records and their augmentation'
    )
    parser.add_argument('--out', default='work_dirs/browse', help='folder for the sheets')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Draw images, labels and regions of random records."""
    import numpy as np

    from mmmtl.apis import load_config
    from mmmtl.configuration.recipes import recipe_name
    from mmmtl.datasets import SampleKey
    from mmmtl.registry import DATASETS
    from mmmtl.visualization import as_image, draw_regions, draw_sheet, write_sheets

    config = load_config(args.config, args.cfg_options)
    dataset = DATASETS.build(split_dataset(config, args.split))
    chosen = np.random.default_rng(args.seed).permutation(len(dataset))[: args.count]
    sheets = []
    for index in chosen:
        packed = dataset[SampleKey(args.seed, 0, int(index))]
        for image, sample in zip(packed['inputs'], packed['data_samples'], strict=True):
            rgb = as_image(image, sample)
            extra_images = {'regions': draw_regions(rgb, sample.regions[0].numpy())} if 'regions' in sample else {}
            sheets.append(draw_sheet(rgb, dataset.tasks, {'truth': dict(sample.gt.items())}, extra_images))
    path = Path(args.out) / f'{recipe_name(args.config)}-{args.split}.png'
    write_sheets(path, sheets)
    print(f'{len(dataset)} records; {len(sheets)} views of {len(chosen)} records: {path}')
