"""Compare a confidence network with baselines by the area under the sparsification curve, averaged over the views.

The baselines are the left-right check, a constant confidence, and an oracle that sorts the pixels by their error.
"""

from collections import Counter, defaultdict

import numpy as np
import torch

from mmmtl.datasets import StereoMatches
from mmmtl.datasets.label_readers.pseudo_disparity import read_pseudo_disparity
from mmmtl.datasets.stereo_matches import CorrectMatches
from mmmtl.geometry import occluded_in_other_view
from mmmtl.metrics import sparsification_area
from mmmtl.progress import progress
from mmmtl.pseudo_labels.stereo_matching import NetworkConfidence, left_right_confidence


def _pixel_subsets(
    disparity: np.ndarray, truth: np.ndarray, side: int, edges: list[float] | None
) -> dict[str, np.ndarray]:
    """Return masks (H, W) of subsets of the pixels of a view by name; ``side`` is 0 for left, 1 for right."""
    if edges is None:
        return {}
    both_views = torch.from_numpy(truth)[None, None, None].expand(-1, 2, -1, -1, -1)
    occluded = occluded_in_other_view(both_views, both_views.isfinite())[0, side, 0].numpy()
    bounds = (-np.inf, *sorted(edges), np.inf)
    return {'visible in both views': ~occluded, 'occluded in the other view': occluded} | {
        f'{low:g} <= disparity < {high:g}': (disparity >= low) & (disparity < high)
        for low, high in zip(bounds[:-1], bounds[1:], strict=True)
        if edges
    }


def _print_table(subset: str, pixels: int, wrong: list[float], areas: dict[str, list[dict[str, float]]]) -> None:
    print(f'{subset}: {len(wrong)} views, {pixels} pixels, {100 * np.mean(wrong):.2f} % of the disparities are wrong')
    print(f'{"confidence":<12} {"area":>8} {"above the oracle":>17}')
    for name, of_views in areas.items():
        print(
            f'{name:<12} {np.mean([area["auc"] for area in of_views]):>8.4f} '
            f'{np.mean([area["ause"] for area in of_views]):>17.4f}'
        )
    print(f'{"oracle":<12} {np.mean([area["oracle"] for area in areas["none"]]):>8.4f} {0:>17.4f}')


def compare_confidence(
    dataset: StereoMatches, network: NetworkConfidence, threshold: float, edges: list[float] | None
) -> None:
    """Print a table for all pixels and, if ``edges`` is given, one for each subset of the pixels.

    The subsets are disparity ranges, pixels that both views see, and pixels that are occluded in the other view.

    Args:
        dataset: Rectified pairs with ground-truth disparity and pseudo disparity.
        network: The confidence network.
        threshold: A disparity is wrong if its error in pixels is larger.
        edges: Boundaries in pixels between the disparity ranges; None for all pixels only.
    """
    areas: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
    wrong: dict[str, list[float]] = defaultdict(list)
    pixels: Counter[str] = Counter()
    for record in progress(dataset.records, description='pairs', unit='pair'):
        readers = [view.labels.get('confidence') for view in record.views]
        paths = [dataset.folder / record.name / f'{side}_disparity.png' for side in (0, 1)]
        disparity = np.stack([read_pseudo_disparity(path) for path in paths])
        confidences = {
            'network': network(disparity),
            'left-right': left_right_confidence(disparity),
            'none': np.zeros_like(disparity),
        }
        for side, reader in enumerate(readers):
            if not isinstance(reader, CorrectMatches):
                continue
            truth = reader.truth()
            error = np.abs(disparity[side] - truth)
            known = np.isfinite(error)
            for subset, mask in {**_pixel_subsets(disparity[side], truth, side, edges), 'all': known}.items():
                mask = mask & known
                if not mask.any():
                    continue
                pixels[subset] += mask.sum()
                wrong[subset].append((error[mask] > threshold).mean())
                for name, confidence in confidences.items():
                    areas[subset][name].append(
                        sparsification_area(error[mask], confidence[side][mask], threshold=threshold)
                    )
    for subset, areas_of_subset in areas.items():
        _print_table(subset, pixels[subset], wrong[subset], areas_of_subset)
