"""The usual measures of a saliency map, one image at a time: MAE, F, S, E and weighted F.

Conventions are those of the evaluation code that papers share: the map is stretched to [0, 1] by its own minimum and
maximum (`stretch`), thresholds are the 256 grey levels (map >= level), the adaptive threshold is twice the map's mean.
Maps are float64 (H, W) in [0, 1], truths bool (H, W).
"""

import cv2
import numpy as np

TINY = np.spacing(1)
BETA_SQUARED = 0.3
LEVELS = 256


def measure_saliency(saliency: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """All measures of one image.

    Returns:
        ``MAE``, ``adpF``, ``adpE``, ``S``, ``wF``, numbers; ``F_curve``, ``E_curve`` (256,). Papers report the means
        over images; maxF and avgF are the maximum and mean of the mean curve.
    """
    saliency = stretch(saliency)
    salient, flat = level_counts(saliency, truth)
    adaptive = saliency >= min(2 * saliency.mean(), 1)
    chosen = np.count_nonzero(adaptive & truth), np.count_nonzero(adaptive & ~truth)
    return {
        'MAE': np.abs(saliency - truth).mean(),
        'F_curve': f_measure(salient, flat, truth.sum()),
        'adpF': f_measure(*chosen, truth.sum()),
        'E_curve': enhanced_alignment(salient, flat, truth),
        'adpE': enhanced_alignment(*chosen, truth),
        'S': structure_measure(saliency, truth),
        'wF': weighted_f(saliency, truth),
    }


def stretch(saliency: np.ndarray) -> np.ndarray:
    """To [0, 1] by its own extremes; a map of one value stays."""
    low, high = saliency.min(), saliency.max()
    return (saliency - low) / (high - low) if high > low else saliency


def level_counts(saliency: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At levels 255, 254 ... 0: how many pixels at or above lie on the object, and how many beside it, (256,) each."""
    levels = (saliency * (LEVELS - 1)).astype(np.uint8)
    return tuple(np.bincount(levels[part], minlength=LEVELS)[::-1].cumsum() for part in (truth, ~truth))


def f_measure(hits: np.ndarray, misses: np.ndarray, size: int) -> np.ndarray:
    """(1 + b) P R / (b P + R), b = 0.3; hits and misses are chosen pixels on and beside an object of that size."""
    hits, misses = np.asarray(hits, np.float64), np.asarray(misses, np.float64)
    precision, recall = hits / np.maximum(hits + misses, 1), hits / max(size, 1)
    below = BETA_SQUARED * precision + recall
    return (1 + BETA_SQUARED) * precision * recall / np.where(below == 0, 1, below)


def enhanced_alignment(hits: np.ndarray, misses: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """E-measure of binary maps (Fan et al., IJCAI 2018) from counts alone: they have but four kinds of pixels."""
    hits, misses = np.asarray(hits, np.float64), np.asarray(misses, np.float64)
    size, inside = truth.size, np.count_nonzero(truth)
    chosen = hits + misses
    if inside == 0:
        total = size - chosen
    elif inside == size:
        total = chosen
    else:
        mean, truth_mean = chosen / size, inside / size
        total = 0
        for said, true, count in ((1, 1, hits), (1, 0, misses), (0, 1, inside - hits), (0, 0, size - inside - misses)):
            a, b = said - mean, true - truth_mean
            total = total + ((2 * a * b / (a**2 + b**2 + TINY) + 1) ** 2 / 4) * count
    return total / (size - 1 + TINY)


def structure_measure(saliency: np.ndarray, truth: np.ndarray) -> float:
    """S-measure (Fan et al., ICCV 2017): half object-aware, half region-aware similarity."""
    fraction = truth.mean()
    if fraction in (0, 1):
        return float(saliency.mean() if fraction else 1 - saliency.mean())
    by_object = fraction * likeness(saliency[truth]) + (1 - fraction) * likeness(1 - saliency[~truth])
    return max(0.0, 0.5 * by_object + 0.5 * region_similarity(saliency, truth))


def likeness(values: np.ndarray) -> float:
    """2 m / (m^2 + 1 + s): 1 where all values are 1. A single pixel has no spread."""
    mean = values.mean()
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + spread + TINY)


def region_similarity(saliency: np.ndarray, truth: np.ndarray) -> float:
    """Structural similarity of the four blocks around the object's centre, weighted by their area."""
    row, column = np.argwhere(truth).mean(0).round().astype(int) + 1
    total = 0.0
    for rows in (slice(0, row), slice(row, None)):
        for columns in (slice(0, column), slice(column, None)):
            block, true = saliency[rows, columns], truth[rows, columns].astype(np.float64)
            if block.size:
                total += block.size / truth.size * similarity(block, true)
    return total


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity of two blocks, 1 where both are flat and black."""
    free = max(a.size - 1, 1)
    mean_a, mean_b = a.mean(), b.mean()
    spread = ((a - mean_a) ** 2).sum() / free + ((b - mean_b) ** 2).sum() / free
    above = 4 * mean_a * mean_b * ((a - mean_a) * (b - mean_b)).sum() / free
    below = (mean_a**2 + mean_b**2) * spread
    if above == 0:
        return float(below == 0)
    return above / (below + TINY)


def weighted_f(saliency: np.ndarray, truth: np.ndarray) -> float:
    """Weighted F (Margolin et al., CVPR 2014): errors count less beside other errors and more far from the object."""
    from scipy.ndimage import distance_transform_edt  # slow to import

    if not truth.any():
        return 0.0
    distance, nearest = distance_transform_edt(~truth, return_indices=True)
    error = np.abs(saliency - truth)
    spread = cv2.filter2D(error[nearest[0], nearest[1]], -1, gaussian(7, 5), borderType=cv2.BORDER_CONSTANT)
    error = np.where(truth & (spread < error), spread, error)
    error = error * np.where(truth, 1, 2 - np.exp(np.log(0.5) / 5 * distance))
    hits = truth.sum() - error[truth].sum()
    recall = 1 - error[truth].mean()
    precision = hits / (hits + error[~truth].sum() + TINY)
    return 2 * recall * precision / (recall + precision + TINY)


def gaussian(size: int, sigma: float) -> np.ndarray:
    """(size, size), of sum 1."""
    offset = np.arange(size) - size // 2
    kernel = np.exp(-(offset[:, None] ** 2 + offset**2) / (2 * sigma**2))
    return kernel / kernel.sum()
