"""Confidence against its rivals: tools/analysis_tools/compare_confidence.py CONFIG CHECKPOINT [--parts 10 20 40].

For the pairs of the config's `StereoMatches`: the area under the sparsification curve of the network, of the left-right
check, of no confidence at all, and of an oracle, as a mean over the views. With ``--parts`` also of some pixels alone:
those that both views show, the others, and those of small or large disparities.
"""

import argparse
from collections import Counter, defaultdict

import numpy as np
import torch

from mmmtl.apis import load_config
from mmmtl.cli.command_line import KeyValues, command
from mmmtl.datasets import StereoMatches
from mmmtl.datasets.label_readers.pseudo_disparity import read_pseudo_disparity
from mmmtl.errors import ConfigError
from mmmtl.geometry import hidden_from_the_other
from mmmtl.metrics import sparsification_area
from mmmtl.progress import progress
from mmmtl.pseudo_labels.stereo_matching import NetworkConfidence, left_right_confidence
from mmmtl.registry import DATASETS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Compare a confidence network with the left-right check.')
    parser.add_argument('config', help='config of the network')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument(
        '--threshold', type=float, default=1.0, help='pixels beyond which a disparity is wrong (default 1)'
    )
    parser.add_argument(
        '--parts',
        nargs='*',
        type=float,
        metavar='EDGE',
        help='also compare by parts: hidden from the other view or not, and disparities between edges',
    )
    parser.add_argument('--split', choices=('train', 'val', 'test'), default='test')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, default={}, metavar='KEY=VALUE')
    return parser.parse_args()


def parts_of(disparity: np.ndarray, truth: np.ndarray, side: int, edges: list[float] | None) -> dict[str, np.ndarray]:
    """Name -> pixels (H, W) of a view, 0 left and 1 right."""
    if edges is None:
        return {}
    found = torch.from_numpy(truth)[None, None, None].expand(-1, 2, -1, -1, -1)
    hidden = hidden_from_the_other(found, found.isfinite())[0, side, 0].numpy()
    bounds = (-np.inf, *sorted(edges), np.inf)
    return {'seen by both views': ~hidden, 'hidden from the other view': hidden} | {
        f'{low:g} <= disparity < {high:g}': (disparity >= low) & (disparity < high)
        for low, high in zip(bounds[:-1], bounds[1:], strict=True)
        if edges
    }


def print_table(what: str, pixels: int, wrong: list[float], areas: dict[str, list[dict[str, float]]]) -> None:
    print(f'{what}: {len(wrong)} views, {pixels} pixels, {100 * np.mean(wrong):.2f} % of the disparities are wrong')
    print(f'{"confidence":<12} {"area":>8} {"above the oracle":>17}')
    for name, found in areas.items():
        print(
            f'{name:<12} {np.mean([area["auc"] for area in found]):>8.4f} '
            f'{np.mean([area["ause"] for area in found]):>17.4f}'
        )
    print(f'{"oracle":<12} {np.mean([area["oracle"] for area in areas["none"]]):>8.4f} {0:>17.4f}')


@command
def main() -> None:
    args = parse_args()
    config = load_config(args.config, args.cfg_options)
    dataset = DATASETS.build(config[f'{args.split}_dataloader'].dataset)
    if not isinstance(dataset, StereoMatches):
        raise ConfigError(f'{args.config}: the {args.split} split is no StereoMatches, which knows the right disparity')
    network = NetworkConfidence(config, args.checkpoint)
    areas: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
    wrong, pixels = defaultdict(list), Counter()
    for record in progress(dataset.records, description='pairs', unit='pair'):
        sources = [view.labels.get('confidence') for view in record.views]
        paths = [dataset.folder / record.name / f'{number}_disparity.png' for number in (0, 1)]
        disparity = np.stack([read_pseudo_disparity(path) for path in paths])
        rivals = {
            'network': network(disparity),
            'left-right': left_right_confidence(disparity),
            'none': np.zeros_like(disparity),
        }
        for number, source in enumerate(sources):
            if source is None:
                continue
            truth = source.truth()
            error = np.abs(disparity[number] - truth)
            known = np.isfinite(error)
            for part, where in {**parts_of(disparity[number], truth, number, args.parts), 'all': known}.items():
                where = where & known
                if not where.any():
                    continue
                pixels[part] += where.sum()
                wrong[part].append((error[where] > args.threshold).mean())
                for name, confidence in rivals.items():
                    areas[part][name].append(
                        sparsification_area(error[where], confidence[number][where], threshold=args.threshold)
                    )
    for part, found in areas.items():
        print_table(part, pixels[part], wrong[part], found)


if __name__ == '__main__':
    main()
