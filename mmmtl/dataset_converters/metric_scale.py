"""Estimate the metric scale of a reconstruction from the depth of a sensor."""

from collections.abc import Mapping

import numpy as np

from mmmtl.errors import DataError

MIN_POINTS = 50
MAX_SPREAD = 0.1  # median absolute deviation of the ratios / their median


def metric_scale(points: Mapping[str, np.ndarray], depth_of: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """Estimate the factor from units of a reconstruction to metres.

    The factor is the median of sensor depth / reconstructed depth over all observed points. Both are depths along z of
    the same camera, so the ratio does not depend on the pose. The median is robust to wrong matches and to points at
    depth discontinuities.

    Args:
        points: Frame -> (P, 3): x and y in pixels of the depth map, with centres at +0.5, and depth in units of the
            reconstruction.
        depth_of: Frame -> sensor depth (H, W) in metres, 0 where it is missing.

    Returns:
        The factor, and the median absolute deviation of the ratios divided by it.

    Raises:
        DataError: Fewer than 50 points have sensor depth, or the relative deviation is more than 0.1.
    """
    ratios = np.concatenate([depth_ratios(points[name], depth_of[name]) for name in points] or [np.empty(0)])
    if len(ratios) < MIN_POINTS:
        raise DataError(
            f'only {len(ratios)} reconstructed points have sensor depth, expected at least {MIN_POINTS} to estimate '
            'the scale in metres; the depth maps must be of the same frames and registered to them'
        )
    scale = float(np.median(ratios))
    spread = float(np.median(np.abs(ratios - scale)) / scale)
    if spread > MAX_SPREAD:
        raise DataError(
            f'sensor depth and reconstruction disagree: the ratios of {len(ratios)} points deviate from their '
            f'median by {100 * spread:.0f} %; the depth maps must be registered to the images and contain depth '
            'along z'
        )
    return scale, spread


def depth_ratios(points: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Return sensor depth / reconstructed depth of those points (P, 3) of a frame that have both."""
    columns, rows = np.floor(points[:, :2]).astype(int).T
    height, width = depth.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & (points[:, 2] > 0)
    measured = depth[rows[inside], columns[inside]]
    return (measured / points[inside, 2])[measured > 0]
