"""Estimate the metric scale of a reconstruction from the depth of a sensor."""

from collections.abc import Mapping

import numpy as np

from mmmtl.errors import DataError

MIN_POINTS = 50
MAX_SPREAD = 0.1  # of the scale: median absolute deviation of the ratios, relative


def metric_scale(points: Mapping[str, np.ndarray], depth_maps: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """The factor from units of the reconstruction to metres, and its relative spread.

    It is the median over all observed points of sensor depth / reconstructed depth; both are depths along z of the same
    camera, so the ratio does not depend on the pose. A median withstands wrong matches and points beside depth edges.

    Args:
        points: ``{frame: (P, 3)}``: x and y in pixels of the depth map, centres at +0.5, and the depth in units.
        depth_maps: ``{frame: (H, W)}`` metres, 0 = missing.

    Raises:
        DataError: Fewer than 50 points have sensor depth, or the ratios contradict each other.
    """
    ratios = np.concatenate([depth_ratios(points[name], depth_maps[name]) for name in points] or [np.empty(0)])
    if len(ratios) < MIN_POINTS:
        raise DataError(
            f'only {len(ratios)} reconstructed points have sensor depth, {MIN_POINTS} are needed to estimate '
            'the scale in metres; the depth maps must be of the same frames and registered to them'
        )
    scale = float(np.median(ratios))
    spread = float(np.median(np.abs(ratios - scale)) / scale)
    if spread > MAX_SPREAD:
        raise DataError(
            f'sensor depth and reconstruction disagree: the ratios of {len(ratios)} points spread by '
            f'{100 * spread:.0f} % about their median; check that the depth maps are registered to the images '
            'and hold depth along z'
        )
    return scale, spread


def depth_ratios(points: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Sensor depth / reconstructed depth of the points (P, 3) of one frame, those without either left out."""
    columns, rows = np.floor(points[:, :2]).astype(int).T
    height, width = depth.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & (points[:, 2] > 0)
    measured = depth[rows[inside], columns[inside]]
    return (measured / points[inside, 2])[measured > 0]
