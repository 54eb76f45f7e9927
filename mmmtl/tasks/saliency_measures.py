"""Measures of the saliency map of one image: MAE, F, S, E and weighted F.

The conventions are those of the usual evaluation code: the map is stretched to [0, 1] by its minimum and maximum,
thresholds are the 256 grey levels (map >= level), the adaptive threshold is twice the map's mean. Maps are float64
(H, W) in [0, 1], ground truth is bool (H, W).
"""

import cv2
import numpy as np

EPS = np.spacing(1)
BETA_SQUARED = 0.3
LEVELS = 256


def measure_saliency(saliency: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray | float]:
    """Compute all measures of one image.

    Returns:
        Scalars ``MAE``, ``adpF``, ``adpE``, ``S``, ``wF``, and ``F_curve``, ``E_curve`` (256,) over the thresholds.
        Papers report means over images; maxF and avgF are the maximum and mean of the mean curve.
    """
    saliency = stretch(saliency)
    hits, misses = level_counts(saliency, truth)
    adaptive = saliency >= min(2 * saliency.mean(), 1)
    adaptive_hits, adaptive_misses = int((adaptive & truth).sum()), int((adaptive & ~truth).sum())
    return {
        'MAE': np.abs(saliency - truth).mean(),
        'F_curve': f_beta(hits, misses, truth.sum()),
        'adpF': f_beta(adaptive_hits, adaptive_misses, truth.sum()),
        'E_curve': enhanced_alignment(hits, misses, truth),
        'adpE': enhanced_alignment(adaptive_hits, adaptive_misses, truth),
        'S': structure_measure(saliency, truth),
        'wF': weighted_f(saliency, truth),
    }


def stretch(saliency: np.ndarray) -> np.ndarray:
    """Stretch a map to [0, 1] by its minimum and maximum; a constant map is returned as it is."""
    low, high = saliency.min(), saliency.max()
    return (saliency - low) / (high - low) if high > low else saliency


def level_counts(saliency: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the pixels at or above levels 255, 254 ... 0, on the object and outside of it, (256,) each."""
    levels = (saliency * (LEVELS - 1)).astype(np.uint8)
    on, outside = (np.bincount(levels[part], minlength=LEVELS)[::-1].cumsum() for part in (truth, ~truth))
    return on, outside


def f_beta(hits: np.ndarray | float, misses: np.ndarray | float, size: int) -> np.ndarray:
    """Compute (1 + b) P R / (b P + R), b = 0.3, from the pixels predicted on and outside of an object of ``size``."""
    hits, misses = np.asarray(hits, np.float64), np.asarray(misses, np.float64)
    precision, recall = hits / np.maximum(hits + misses, 1), hits / max(size, 1)
    below = BETA_SQUARED * precision + recall
    return (1 + BETA_SQUARED) * precision * recall / np.where(below == 0, 1, below)


def enhanced_alignment(hits: np.ndarray | float, misses: np.ndarray | float, truth: np.ndarray) -> np.ndarray:
    """Compute the E-measure (Fan et al., IJCAI 2018) of binary maps, from the counts of their four kinds of pixels."""
    hits, misses = np.asarray(hits, np.float64), np.asarray(misses, np.float64)
    size, inside = truth.size, np.count_nonzero(truth)
    predicted = hits + misses
    if inside == 0:
        total = size - predicted
    elif inside == size:
        total = predicted
    else:
        mean, truth_mean = predicted / size, inside / size
        total = np.zeros_like(hits)
        for value, true, count in ((1, 1, hits), (1, 0, misses), (0, 1, inside - hits), (0, 0, size - inside - misses)):
            a, b = value - mean, true - truth_mean
            total = total + ((2 * a * b / (a**2 + b**2 + EPS) + 1) ** 2 / 4) * count
    return total / (max(size - 1, 1) + EPS)


def structure_measure(saliency: np.ndarray, truth: np.ndarray) -> float:
    """Compute the S-measure (Fan et al., ICCV 2017): the mean of object-aware and region-aware similarity."""
    fraction = truth.mean()
    if fraction in (0, 1):
        return float(saliency.mean() if fraction else 1 - saliency.mean())
    by_object = fraction * object_similarity(saliency[truth]) + (1 - fraction) * object_similarity(1 - saliency[~truth])
    return max(0.0, 0.5 * by_object + 0.5 * region_similarity(saliency, truth))


def object_similarity(values: np.ndarray) -> float:
    """Compute 2 m / (m^2 + 1 + s), m the mean and s the standard deviation, 0 for a single pixel."""
    mean = values.mean()
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + spread + EPS)


def region_similarity(saliency: np.ndarray, truth: np.ndarray) -> float:
    """Compute the structural similarity of the four blocks around the object's centroid, weighted by their area."""
    row, column = np.argwhere(truth).mean(0).round().astype(int) + 1
    total = 0.0
    for rows in (slice(0, row), slice(row, None)):
        for columns in (slice(0, column), slice(column, None)):
            block, true = saliency[rows, columns], truth[rows, columns].astype(np.float64)
            if block.size:
                total += block.size / truth.size * similarity(block, true)
    return total


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Compute the structural similarity of two blocks; 1 if both are constant 0."""
    degrees = max(a.size - 1, 1)
    mean_a, mean_b = a.mean(), b.mean()
    spread = ((a - mean_a) ** 2).sum() / degrees + ((b - mean_b) ** 2).sum() / degrees
    numerator = 4 * mean_a * mean_b * ((a - mean_a) * (b - mean_b)).sum() / degrees
    denominator = (mean_a**2 + mean_b**2) * spread
    if numerator == 0:
        return float(denominator == 0)
    return numerator / (denominator + EPS)


def weighted_f(saliency: np.ndarray, truth: np.ndarray) -> float:
    """Compute weighted F (Margolin et al., CVPR 2014), which weights errors by their position and neighbours."""
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
    precision = hits / (hits + error[~truth].sum() + EPS)
    return 2 * recall * precision / (recall + precision + EPS)


def gaussian(size: int, sigma: float) -> np.ndarray:
    """Return a Gaussian kernel (size, size) of sum 1."""
    offset = np.arange(size) - size // 2
    kernel = np.exp(-(offset[:, None] ** 2 + offset**2) / (2 * sigma**2))
    return kernel / kernel.sum()
