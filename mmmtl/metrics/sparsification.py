"""Does a confidence rank errors well? The sparsification curve, its area, and what an oracle would reach."""

import numpy as np


def sparsification_curve(
    error: np.ndarray, confidence: np.ndarray, *, threshold: float | None = None, steps: int = 20
) -> tuple[np.ndarray, np.ndarray]:
    """Error of the most confident share of the pixels, as that share grows from 1 / steps to 1.

    Pixels of equal confidence are taken as a mixture, so that their order, which nobody has chosen, does not count.

    Args:
        error: (N,), of pixels whose truth is known.
        confidence: (N,).
        threshold: The share of pixels with a larger error is taken (Poggi and Mattoccia: 1 or 3 pixels); the mean error
            if None.
        steps: Points of the curve.

    Returns:
        Shares (steps,) in (0, 1], and errors (steps,), NaN where there are no pixels.
    """
    fractions = np.arange(1, steps + 1) / steps
    if error.size == 0:
        return fractions, np.full(steps, np.nan)
    values = error.astype(np.float64) if threshold is None else (error > threshold).astype(np.float64)
    order = np.argsort(-confidence, kind='stable')
    _, starts, counts = np.unique(-confidence[order], return_index=True, return_counts=True)
    means = np.add.reduceat(values[order], starts) / counts  # the mean of each group of equals
    sums = np.concatenate(([0.0], np.cumsum(means * counts)))
    edges = np.concatenate(([0], np.cumsum(counts)))
    taken = fractions * error.size
    return fractions, np.interp(taken, edges, sums) / taken


def sparsification_area(
    error: np.ndarray, confidence: np.ndarray, *, threshold: float | None = None, steps: int = 20
) -> dict[str, float]:
    """Area under the curve: ``auc``; that of an oracle that knows the errors: ``oracle``; the difference: ``ause``.

    The area is the mean of the curve over its shares, so a confidence that says nothing gets the mean error.
    """
    areas = [
        sparsification_curve(error, ranked, threshold=threshold, steps=steps)[1].mean()
        for ranked in (confidence, -error)
    ]
    return {'auc': float(areas[0]), 'oracle': float(areas[1]), 'ause': float(areas[0] - areas[1])}
