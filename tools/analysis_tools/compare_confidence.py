"""Confidence against its rivals: tools/analysis_tools/compare_confidence.py CONFIG CHECKPOINT [--threshold 1].

For the pairs of the config's `StereoMatches`: the area under the sparsification curve of the network, of the left-right
check, of no confidence at all, and of an oracle, as a mean over the views.
"""

import argparse
from collections import defaultdict

import numpy as np
from mmengine.config import DictAction
from tqdm import tqdm

from mmmtl.apis import load_config
from mmmtl.apis.command_line import command
from mmmtl.apis.stereo_matching import NetworkConfidence, left_right_confidence
from mmmtl.datasets import StereoMatches
from mmmtl.datasets.pseudo_labels import read_pseudo_disparity
from mmmtl.errors import ConfigError
from mmmtl.metrics import sparsification_area
from mmmtl.registry import DATASETS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Compare a confidence network with the left-right check.')
    parser.add_argument('config', help='config of the network')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('--threshold', type=float, default=1.0, help='pixels beyond which a disparity is wrong')
    parser.add_argument('--split', choices=('train', 'val', 'test'), default='test')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE')
    return parser.parse_args()


@command
def main() -> None:
    args = parse_args()
    config = load_config(args.config, args.cfg_options)
    dataset = DATASETS.build(config[f'{args.split}_dataloader'].dataset)
    if not isinstance(dataset, StereoMatches):
        raise ConfigError(f'{args.config}: the {args.split} split is no StereoMatches, which knows the right disparity')
    network = NetworkConfidence(config, args.checkpoint)
    areas: dict[str, list[dict[str, float]]] = defaultdict(list)
    wrong = []
    for record in tqdm(dataset.records, desc='pairs'):
        sources = [view.labels.get('confidence') for view in record.views]
        paths = [dataset.folder / record.name / f'{number}_disparity.png' for number in (0, 1)]
        disparity = np.stack([read_pseudo_disparity(path) for path in paths])
        rivals = {'network': network(disparity), 'left-right': left_right_confidence(disparity),
                  'none': np.zeros_like(disparity)}
        for number, source in enumerate(sources):
            if source is None:
                continue
            error = np.abs(disparity[number] - source.truth())
            known = np.isfinite(error)
            wrong.append((error[known] > args.threshold).mean())
            for name, confidence in rivals.items():
                areas[name].append(sparsification_area(error[known], confidence[number][known],
                                                       threshold=args.threshold))
    print(f'{len(wrong)} views, {100 * np.mean(wrong):.2f} % of the disparities are off by more than '
          f'{args.threshold:g} pixels')
    print(f'{"confidence":<12} {"area":>8} {"above the oracle":>17}')
    for name, found in areas.items():
        print(f'{name:<12} {np.mean([area["auc"] for area in found]):>8.4f} '
              f'{np.mean([area["ause"] for area in found]):>17.4f}')
    print(f'{"oracle":<12} {np.mean([area["oracle"] for area in areas["none"]]):>8.4f} {0:>17.4f}')


if __name__ == '__main__':
    main()
