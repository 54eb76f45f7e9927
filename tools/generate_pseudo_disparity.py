"""Pseudo disparity: tools/generate_pseudo_disparity.py CONFIG [--split train] [--backend sgbm|folder].

Left and right disparity with a confidence for every pair of a split, where the config's `LoadPseudoLabels` (or
`StereoMatches`) looks for them. Run it again and it goes on where it stopped.
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from dataset_converters.conversion import Output
from mmengine.config import Config
from torch.utils.data import Dataset

from mmmtl.apis import load_config
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.datasets.label_readers.pseudo_disparity import (
    DISPARITIES,
    computed_folder,
    pair_of,
    start_folder,
    to_confidence_picture,
    to_disparity_picture,
)
from mmmtl.datasets.transforms.loading import load_view
from mmmtl.errors import ConfigError
from mmmtl.files.checksums import digest
from mmmtl.pseudo_labels.stereo_matching import (
    DisparityFolder,
    NetworkConfidence,
    SemiGlobalMatcher,
    left_right_confidence,
)
from mmmtl.registry import DATASETS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Write pseudo disparity and confidence for the pairs of a data set.')
    parser.add_argument('config', help='config file')
    parser.add_argument('--split', choices=('train', 'val', 'test'), default='train', help='which loader of the config')
    parser.add_argument('--out', help="folder (default: the one that the config's LoadPseudoLabels names)")
    parser.add_argument(
        '--backend',
        choices=('sgbm', 'folder'),
        default='sgbm',
        help="OpenCV's semi-global matching, or disparities that something else has computed",
    )
    for name, value in asdict(SemiGlobalMatcher()).items():
        parser.add_argument(f'--{name}', type=type(value), default=value, help=f'of SGBM (default {value})')
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
        ('void', 0.0, 'the number that says "unknown"'),
    ):
        parser.add_argument(f'--{name}', type=float, default=value, help=f'of computed disparities: {text}')
    parser.add_argument(
        '--network',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='a trained confidence network (default: confidence is the left-right check)',
    )
    parser.add_argument('--device', default='cpu', help='where that network runs (default: cpu)')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, default={}, metavar='KEY=VALUE')
    return parser.parse_args()


def folder_of(dataset: Config) -> str:
    """Where the data set's own transforms look for pseudo disparity."""
    steps = [step for step in dataset.get('pipeline', ()) if 'disparity' in step.get('names', ('disparity',))]
    for part in (dataset, *steps):
        if part.get('folder'):
            return part['folder']
    raise ConfigError('the split has no LoadPseudoLabels that names a folder; choose another --split, or give --out')


def sorts(dataset: Config) -> bool:
    """Whether its `RectifiedPair` puts views in order."""
    return any(step.get('order') == 'sort' for step in dataset.get('pipeline', ()))


def manifest(
    args: argparse.Namespace, dataset: Dataset, backend: SemiGlobalMatcher | DisparityFolder
) -> dict[str, Any]:
    """All that the files depend on."""
    return {
        'data': str(dataset),
        'backend': args.backend,
        **asdict(backend),
        'confidence': [*args.network, digest(Path(args.network[1]).read_bytes())] if args.network else 'left-right',
    }


@command
def main() -> None:
    args = parse_args()
    config = load_config(args.config, args.cfg_options)[f'{args.split}_dataloader'].dataset
    if args.backend == 'sgbm':
        if args.disparities > DISPARITIES:
            raise ConfigError(
                f'--disparities: a picture holds disparities below {DISPARITIES} pixels, found '
                f'{args.disparities}; take smaller images'
            )
        backend = SemiGlobalMatcher(**{name: getattr(args, name) for name in asdict(SemiGlobalMatcher())})
    elif args.source and args.patterns:
        backend = DisparityFolder(args.source, tuple(args.patterns), args.scale, args.offset, args.void)
    else:
        raise ConfigError('--backend folder needs --source and --patterns')
    network = NetworkConfidence(*args.network, args.device) if args.network else None
    dataset = DATASETS.build(config)
    folder = computed_folder(args.out or folder_of(config))
    start_folder(folder, 'disparity', manifest(args, dataset, backend))
    output = Output(folder)
    known = pixels = 0
    for record in output.progress(dataset.records, 'pairs'):
        names = [f'{record.name}/{view}_{kind}.png' for view in (0, 1) for kind in ('disparity', 'confidence')]
        if output.has(*names):
            continue
        views = pair_of([load_view(view, {}) for view in record.views], record.name, sort=sorts(config))
        left, right = (view['image'] for view in views)
        disparity = (
            backend(left, right)
            if args.backend == 'sgbm'
            else backend.read(record.name, tuple(Path(view['img_path']) for view in views), left.shape[:2])
        )
        confidence = network(disparity) if network else left_right_confidence(disparity)
        picture = to_disparity_picture(disparity)
        for view in (0, 1):
            output.write(names[2 * view], picture[view])
            output.write(names[2 * view + 1], to_confidence_picture(confidence[view]))
        known += np.count_nonzero(picture)
        pixels += picture.size
    print(
        f'{output.root}: {len(dataset.records)} pairs'
        + (f', {100 * known / pixels:.1f} % of the pixels written now have a disparity' if pixels else '')
    )


if __name__ == '__main__':
    main()
