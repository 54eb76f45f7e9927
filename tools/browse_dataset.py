"""Look at what a model will see: tools/browse_dataset.py CONFIG [--split train] [--count 8] [--out DIR]."""

import argparse
from pathlib import Path

import numpy as np

from mmmtl.apis import load_config
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.configuration.recipes import recipe_name
from mmmtl.datasets import SampleKey
from mmmtl.registry import DATASETS
from mmmtl.visualization import as_picture, draw_regions, draw_sheet, write_sheets


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Write sheets of samples as they leave the pipeline.')
    parser.add_argument('config', help='config file')
    parser.add_argument('--split', choices=('train', 'val', 'test'), default='train', help='which loader of the config')
    parser.add_argument('--count', type=int, default=8, help='how many records')
    parser.add_argument('--seed', type=int, default=0, help='which records, and their augmentation')
    parser.add_argument('--out', default='work_dirs/browse', help='folder for the sheets')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, default={}, metavar='KEY=VALUE')
    return parser.parse_args()


@command
def main() -> None:
    args = parse_args()
    config = load_config(args.config, args.cfg_options)
    dataset = DATASETS.build(config[f'{args.split}_dataloader'].dataset)
    chosen = np.random.default_rng(args.seed).permutation(len(dataset))[: args.count]
    sheets = []
    for index in chosen:
        packed = dataset[SampleKey(args.seed, 0, int(index))]
        for image, sample in zip(packed['inputs'], packed['data_samples'], strict=True):
            picture = as_picture(image, sample)
            further = {'regions': draw_regions(picture, sample.regions[0].numpy())} if 'regions' in sample else {}
            sheets.append(draw_sheet(picture, dataset.tasks, {'truth': dict(sample.gt.items())}, further))
    path = Path(args.out) / f'{recipe_name(args.config)}-{args.split}.png'
    write_sheets(path, sheets)
    print(f'{len(dataset)} records; {len(sheets)} views of {len(chosen)} records: {path}')


if __name__ == '__main__':
    main()
