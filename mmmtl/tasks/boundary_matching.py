"""Boundaries against boundaries: one-to-one matching within a distance, counts per threshold, and their odsF, OIS, AP.

Martin, Fowlkes and Malik, Learning to detect natural image boundaries, PAMI 2004; Arbelaez et al., PAMI 2011.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmmtl.tasks.thinning import thin

if TYPE_CHECKING:
    from scipy.sparse import csr_array  # slow to import, so imported where it is used

# The largest distance between matched pixels, as a share of the image's diagonal.
MAX_DISTANCE = {'pascal': 0.0075, 'bsds': 0.0075, 'nyud': 0.011}
OUTLIER = 100.0  # what an unmatched pixel costs, in largest distances: more than any detour saves
COUNTS = ('truth_hit', 'truth', 'edge_hit', 'edge')


def boundary_counts(
    strength: np.ndarray,
    truths: Sequence[np.ndarray],
    thresholds: np.ndarray,
    *,
    max_distance: float,
    matching: str = 'cardinality',
) -> dict[str, np.ndarray]:
    """Counts of one image at every threshold.

    The pixels with strength >= threshold are thinned, then matched to each annotator's boundary by itself. A boundary
    pixel that is matched is a hit for recall, which is summed over the annotators; an edge pixel that is matched by any
    annotator is a hit for precision.

    Args:
        strength: (H, W), usually after non-maximum suppression.
        truths: One bool mask (H, W) per annotator, already thin.
        thresholds: (T,), ascending.
        max_distance: Share of the image's diagonal.
        matching: ``'cardinality'``: as many pairs as possible; ``'cost'``: as many as possible and, among those, the
            smallest total distance, as the reference code wants it. The second is exact and slower. They differ in
            which edge pixels are matched, which tells where several annotators are united.

    Returns:
        ``truth_hit``, ``truth``, ``edge_hit``, ``edge``, each int64 (T,).
    """
    reach = max_distance * float(np.hypot(*strength.shape))
    links = [neighbour_links(truth, reach) for truth in truths]
    match = {'cardinality': match_most, 'cost': match_cheapest}[matching]
    counts = np.zeros((len(COUNTS), len(thresholds)), np.int64)
    before, row = None, None
    for place, threshold in enumerate(thresholds):
        mask = strength >= threshold
        if before is None or not np.array_equal(mask, before):
            row, before = count_pairs(np.flatnonzero(thin(mask)), links, match, reach), mask
        counts[:, place] = row
    return dict(zip(COUNTS, counts, strict=True))


def count_pairs(
    edges: np.ndarray, links: Sequence[csr_array], match: Callable[[csr_array, float], np.ndarray], reach: float
) -> tuple[int, int, int, int]:
    """One threshold: ``truth_hit, truth, edge_hit, edge`` for the linear indices of the edge pixels."""
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
    """(H * W, number of boundary pixels): 1 + distance where a boundary pixel lies within reach of a pixel."""
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


def match_most(near: csr_array, reach: float) -> np.ndarray:
    """Rows that are matched when as many as possible are: the largest flow from the rows to the columns.

    `scipy.sparse.csgraph.maximum_bipartite_matching` gives the same number, but on two long parallel lines it may take
    half a minute where the flow takes 3 ms.
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
    first = flow.indices[: flow.indptr[1]][flow.data[: flow.indptr[1]] > 0]  # what leaves the start
    return np.sort(first) - 1


def match_cheapest(near: csr_array, reach: float) -> np.ndarray:
    """Rows that are matched at the least total distance, an unmatched row costing a hundred times the reach.

    Every row gets a partner of its own that stands for "unmatched", so that a full matching exists.
    """
    from scipy.sparse import diags_array, hstack
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    rows, truths = near.shape
    alone = diags_array(np.full(rows, 1 + OUTLIER * max(reach, 1.0)))
    row, partner = min_weight_full_bipartite_matching(hstack([near, alone], format='csr'))
    return row[partner < truths]


def image_sums(counts: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Counts of one image -> sums that may be added up: per threshold, and at the image's best threshold."""
    best = int(np.argmax(f_measure(*precision_recall(counts))))
    return {name: counts[name].astype(np.float64) for name in COUNTS} | {
        f'best_{name}': np.float64(counts[name][best]) for name in COUNTS
    }


def boundary_scores(sums: Mapping[str, np.ndarray], thresholds: np.ndarray) -> dict[str, float]:
    """Added-up sums of a split -> ``odsF`` with its ``threshold``, ``precision``, ``recall``; ``oisF``; ``AP``.

    ``odsF`` is the best F over the thresholds of the split's counts, ``oisF`` the F of the counts at each image's best
    threshold, ``AP`` the mean precision at recalls 0, 0.01 ... 1, interpolated, 0 where no threshold reaches.
    """
    precision, recall = precision_recall(sums)
    f = f_measure(precision, recall)
    best = int(np.argmax(f))
    ois = f_measure(*precision_recall({name: sums[f'best_{name}'] for name in COUNTS}))
    return {
        'odsF': float(f[best]),
        'oisF': float(ois),
        'AP': average_precision(precision, recall),
        'threshold': float(thresholds[best]),
        'precision': float(precision[best]),
        'recall': float(recall[best]),
    }


def precision_recall(counts: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """0 where nothing was found or nothing was there."""
    return tuple(
        counts[hit] / np.maximum(counts[all_], 1) for hit, all_ in (('edge_hit', 'edge'), ('truth_hit', 'truth'))
    )


def f_measure(precision: np.ndarray, recall: np.ndarray) -> np.ndarray:
    """Harmonic mean; 0 where both are 0."""
    total = precision + recall
    return 2 * precision * recall / np.where(total == 0, 1, total)


def average_precision(precision: np.ndarray, recall: np.ndarray) -> float:
    """Area under the curve, by its 101 points of equally spaced recall; a single point has no area."""
    if np.isnan(recall).any():
        return float('nan')
    recall, place = np.unique(recall, return_index=True)
    if len(recall) < 2:
        return 0.0
    return float(np.interp(np.linspace(0, 1, 101), recall, precision[place], left=0, right=0).sum() * 0.01)
