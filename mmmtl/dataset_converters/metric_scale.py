"""Estimate the metric scale of a reconstruction from the depth of a sensor."""

from collections.abc import Mapping

import numpy as np

from mmmtl.errors import DataError

LEAST_POINTS = 50
MOST_SPREAD = 0.1  # of the scale: median absolute deviation of the ratios, relative


def metric_scale(points: Mapping[str, np.ndarray], depth_of: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """The factor from units of the reconstruction to metres, and its relative spread.

    It is the median over all observed points of sensor depth / reconstructed depth; both are depths along z of the same
    camera, so the ratio does not depend on the pose. A median withstands wrong matches and points beside depth edges.

    Args:
        points: ``{frame: (P, 3)}``: x and y in pixels of the depth map, centres at +0.5, and the depth in units.
        depth_of: ``{frame: (H, W)}`` metres, 0 = missing.

    Raises:
        DataError: Fewer than 50 points have sensor depth, or the ratios contradict each other.
    """
    ratios = np.concatenate([ratios_of(points[name], depth_of[name]) for name in points] or [np.empty(0)])
    if len(ratios) < LEAST_POINTS:
        raise DataError(
            f'only {len(ratios)} reconstructed points have sensor depth, {LEAST_POINTS} are needed to tell '
            'the scale in metres; the depth maps must be of the same frames and registered to them'
        )
    scale = float(np.median(ratios))
    spread = float(np.median(np.abs(ratios - scale)) / scale)
    if spread > MOST_SPREAD:
        raise DataError(
            f'sensor depth and reconstruction disagree: the ratios of {len(ratios)} points spread by '
            f'{100 * spread:.0f} % about their median; are the depth maps registered to the images, and '
            'along z?'
        )
    return scale, spread


def ratios_of(points: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Sensor depth / reconstructed depth of the points (P, 3) of one frame, those without either left out."""
    columns, rows = np.floor(points[:, :2]).astype(int).T
    height, width = depth.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & (points[:, 2] > 0)
    measured = depth[rows[inside], columns[inside]]
    return (measured / points[inside, 2])[measured > 0]
