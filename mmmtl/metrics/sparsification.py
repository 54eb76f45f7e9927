"""Sparsification: how well confidence ranks errors."""

import numpy as np


def sparsification_curve(
    error: np.ndarray, confidence: np.ndarray, *, threshold: float | None = None, steps: int = 20
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the error of the most confident fraction of pixels, for fractions from 1 / steps to 1.

    Pixels of equal confidence count with their mean error, so that their order does not matter.

    Args:
        error: (N,), errors of the valid pixels, >= 0 in any unit.
        confidence: (N,), of any real dtype and range; higher is more confident.
        threshold: If given, the curve is the fraction of pixels whose error exceeds it, instead of the mean error.
            Poggi and Mattoccia (BMVC 2016) use 1 and 3 pixels of disparity.
        steps: Number of points of the curve.

    Returns:
        Fractions (steps,) in (0, 1] and errors (steps,); NaN if there are no pixels.
    """
    fractions = np.arange(1, steps + 1) / steps
    if error.size == 0:
        return fractions, np.full(steps, np.nan)
    values = error.astype(np.float64) if threshold is None else (error > threshold).astype(np.float64)
    doubt = -confidence.astype(np.float64)  # unsigned integers would wrap around
    order = np.argsort(doubt, kind='stable')
    _, starts, counts = np.unique(doubt[order], return_index=True, return_counts=True)
    means = np.add.reduceat(values[order], starts) / counts  # per group of equal confidence
    sums = np.concatenate(([0.0], np.cumsum(means * counts)))
    edges = np.concatenate(([0], np.cumsum(counts)))
    pixels = fractions * error.size
    return fractions, np.interp(pixels, edges, sums) / pixels


def sparsification_area(
    error: np.ndarray, confidence: np.ndarray, *, threshold: float | None = None, steps: int = 20
) -> dict[str, float]:
    """Compute the area under the sparsification curve.

    The area is the mean of the curve, so that of a constant confidence is the mean error. See `sparsification_curve`
    for the arguments.

    Returns:
        ``auc``, the area; ``oracle``, the area if pixels are ranked by their errors; ``ause``, the difference.
    """
    areas = [
        sparsification_curve(error, ranked, threshold=threshold, steps=steps)[1].mean()
        for ranked in (confidence, -error.astype(np.float64))
    ]
    return {'auc': float(areas[0]), 'oracle': float(areas[1]), 'ause': float(areas[0] - areas[1])}
