"""Boundary evaluation: one-to-one matching within a distance, counts per threshold, and odsF, oisF, AP.

Martin, Fowlkes and Malik, Learning to detect natural image boundaries, PAMI 2004; Arbelaez et al., PAMI 2011.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmmtl.tasks.thinning import thin

if TYPE_CHECKING:
    from scipy.sparse import csr_array  # slow to import, so imported where it is used

    Matching = Callable[[csr_array, float], np.ndarray]  # (links, maximum distance) -> matched rows

# Maximum distance between matched pixels, as a fraction of the image diagonal.
MAX_DISTANCE = {'pascal': 0.0075, 'bsds': 0.0075, 'nyud': 0.011}
OUTLIER = 100.0  # cost of an unmatched pixel, in maximum distances
COUNTS = ('truth_hit', 'truth', 'edge_hit', 'edge')


def boundary_counts(
    strength: np.ndarray,
    truths: Sequence[np.ndarray],
    thresholds: np.ndarray,
    *,
    max_distance: float,
    matching: str = 'cardinality',
) -> dict[str, np.ndarray]:
    """Count matched pixels of one image at every threshold.

    The pixels with strength >= threshold are thinned, then matched with the boundary of each annotator separately.
    Matched ground truth pixels count for recall, summed over the annotators; predicted pixels that are matched with any
    annotator count for precision.

    Args:
        strength: (H, W), usually after non-maximum suppression.
        truths: One bool mask (H, W) per annotator, already thin.
        thresholds: (T,), ascending.
        max_distance: Fraction of the image diagonal.
        matching: ``'cardinality'``: as many pairs as possible. ``'cost'``: as many pairs as possible and, among these
            solutions, the smallest total distance, as in the reference code; exact and slower. They differ in which
            predicted pixels are matched, which matters with several annotators.

    Returns:
        ``truth_hit``, ``truth``: matched and all ground truth pixels; ``edge_hit``, ``edge``: matched and all predicted
        pixels. Each is int64 (T,).
    """
    reach = max_distance * float(np.hypot(*strength.shape))
    links = [neighbour_links(truth, reach) for truth in truths]
    match: Matching = {'cardinality': match_max_cardinality, 'cost': match_min_cost}[matching]
    counts = np.zeros((len(COUNTS), len(thresholds)), np.int64)
    previous: np.ndarray | None = None
    for index, threshold in enumerate(thresholds):
        mask = strength >= threshold
        if previous is not None and np.array_equal(mask, previous):
            counts[:, index] = counts[:, index - 1]
        else:
            counts[:, index] = count_pairs(np.flatnonzero(thin(mask)), links, match, reach)
        previous = mask
    return dict(zip(COUNTS, counts, strict=True))


def count_pairs(
    edges: np.ndarray, links: Sequence[csr_array], match: Matching, reach: float
) -> tuple[int, int, int, int]:
    """Return ``truth_hit, truth, edge_hit, edge`` at one threshold, from the linear indices of the predicted pixels."""
    matched = np.zeros(len(edges), bool)
    hits = 0
    for link in links:
        near = link[edges]
        touched = np.flatnonzero(np.diff(near.indptr))
        if len(touched):
            found = touched[match(near[touched], reach)]
            matched[found] = True
            hits += len(found)
    return hits, sum(link.shape[1] for link in links), int(matched.sum()), len(edges)


def neighbour_links(truth: np.ndarray, reach: float) -> csr_array:
    """Return 1 + distance for all pixels and boundary pixels within ``reach``, sparse (H * W, boundary pixels)."""
    from scipy.sparse import csr_array

    height, width = truth.shape
    y, x = (indices.astype(np.int32) for indices in np.nonzero(truth))
    span = np.arange(-int(reach), int(reach) + 1, dtype=np.int32)
    step_y, step_x = (steps.ravel() for steps in np.meshgrid(span, span, indexing='ij'))
    distance = np.hypot(step_y, step_x)
    near = distance <= reach
    step_y, step_x, distance = step_y[near], step_x[near], distance[near]
    rows, columns = y[:, None] + step_y, x[:, None] + step_x  # (boundary pixels, steps)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    number = np.broadcast_to(np.arange(len(y), dtype=np.int32)[:, None], inside.shape)
    weight = np.broadcast_to(1 + distance, inside.shape)
    indices = (rows * width + columns)[inside], number[inside]
    return csr_array((weight[inside], indices), shape=(height * width, len(y)))


def match_max_cardinality(near: csr_array, reach: float) -> np.ndarray:
    """Return the matched rows of a maximum matching, by the maximum flow from rows to columns.

    `scipy.sparse.csgraph.maximum_bipartite_matching` finds as many pairs but may take half a minute on two long
    parallel lines, where the flow takes 3 ms.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    rows, truths = near.shape
    start, end = 0, 1 + rows + truths
    ahead = np.concatenate([np.arange(1, rows + 1), 1 + rows + near.indices, np.full(truths, end)])
    bounds = np.concatenate([[0], rows + near.indptr, rows + near.nnz + np.arange(1, truths + 1), [len(ahead)]])
    graph = csr_array(
        (np.ones(len(ahead), np.int32), ahead.astype(np.int32), bounds.astype(np.int32)), shape=(end + 1, end + 1)
    )
    flow = maximum_flow(graph, start, end, method='dinic').flow
    first = flow.indices[: flow.indptr[1]][flow.data[: flow.indptr[1]] > 0]  # edges that leave the source node
    return np.sort(first) - 1


def match_min_cost(near: csr_array, reach: float) -> np.ndarray:
    """Return the matched rows of the matching with the smallest total distance; an unmatched row costs 100 ``reach``.

    Every row gets a dummy column for "unmatched", so that a full matching exists.
    """
    from scipy.sparse import diags_array, hstack
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    rows, truths = near.shape
    unmatched = diags_array(np.full(rows, 1 + OUTLIER * max(reach, 1.0)))
    row, partner = min_weight_full_bipartite_matching(hstack([near, unmatched], format='csr'))
    return row[partner < truths]


def image_sums(counts: Mapping[str, np.ndarray]) -> dict[str, np.ndarray | np.float64]:
    """Extend the counts of one image by those at its best threshold; the results may be summed over images."""
    best = int(np.argmax(f1_measure(*precision_recall(counts))))
    return {
        **{name: counts[name].astype(np.float64) for name in COUNTS},
        **{f'best_{name}': np.float64(counts[name][best]) for name in COUNTS},
    }


def boundary_scores(sums: Mapping[str, np.ndarray], thresholds: np.ndarray) -> dict[str, float]:
    """Compute the scores of a split from the added-up `image_sums`.

    Returns:
        ``odsF``, the best F over the thresholds, and ``threshold``, ``precision``, ``recall`` there; ``oisF``, the F of
        the counts at the best threshold of each image; ``AP``, the mean of the interpolated precision at recalls 0,
        0.01 ... 1, which is 0 at recalls that no threshold reaches.
    """
    precision, recall = precision_recall(sums)
    f = f1_measure(precision, recall)
    best = int(np.argmax(f))
    ois = f1_measure(*precision_recall({name: sums[f'best_{name}'] for name in COUNTS}))
    return {
        'odsF': float(f[best]),
        'oisF': float(ois),
        'AP': average_precision(precision, recall),
        'threshold': float(thresholds[best]),
        'precision': float(precision[best]),
        'recall': float(recall[best]),
    }


def precision_recall(counts: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Compute precision and recall; 0 where there are no predicted, or no ground truth pixels."""
    precision = counts['edge_hit'] / np.maximum(counts['edge'], 1)
    recall = counts['truth_hit'] / np.maximum(counts['truth'], 1)
    return precision, recall


def f1_measure(precision: np.ndarray, recall: np.ndarray) -> np.ndarray:
    """Compute the harmonic mean of precision and recall; 0 where both are 0."""
    total = precision + recall
    return 2 * precision * recall / np.where(total == 0, 1, total)


def average_precision(precision: np.ndarray, recall: np.ndarray) -> float:
    """Compute the area under the curve from 101 points of equally spaced recall; 0 for a single point."""
    if np.isnan(recall).any():
        return float('nan')
    recall, index = np.unique(recall, return_index=True)
    if len(recall) < 2:
        return 0.0
    return float(np.interp(np.linspace(0, 1, 101), recall, precision[index], left=0, right=0).sum() * 0.01)
