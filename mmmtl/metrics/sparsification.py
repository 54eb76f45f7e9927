"""Sparsification: how well confidence ranks errors."""

import numpy as np


def sparsification_curve(
    error: np.ndarray, confidence: np.ndarray, *, threshold: float | None = None, steps: int = 20
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the error of the most confident fraction of pixels, for fractions from 1 / steps to 1.

    Pixels of equal confidence count with their mean error, so that their order does not matter.

    Args:
        error: (N,), errors of valid pixels.
        confidence: (N,).
        threshold: If given, the fraction of pixels with a larger error (Poggi and Mattoccia: 1 or 3 pixels) is used
            instead of the mean error.
        steps: Number of points of the curve.

    Returns:
        Fractions (steps,) in (0, 1] and errors (steps,); NaN if there are no pixels.
    """
    fractions = np.arange(1, steps + 1) / steps
    if error.size == 0:
        return fractions, np.full(steps, np.nan)
    values = error.astype(np.float64) if threshold is None else (error > threshold).astype(np.float64)
    order = np.argsort(-confidence, kind='stable')
    _, starts, counts = np.unique(-confidence[order], return_index=True, return_counts=True)
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
        for ranked in (confidence, -error)
    ]
    return {'auc': float(areas[0]), 'oracle': float(areas[1]), 'ause': float(areas[0] - areas[1])}
