"""Sparse depth from a laser scanner: its points seen by a camera."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.reading import read_size
from mmmtl.tasks import Task

NEAR = 0.1  # metres in front of the camera; what is nearer belongs to the car or lies behind


@dataclass(frozen=True)
class LidarDepth:
    """The depth of the nearest point that falls into a pixel; unknown where none does.

    Args:
        path: KITTI's velodyne file: float32, four numbers per point, x, y, z and reflectance in the scanner's frame.
        image: Whose size the map has.
        image_T_lidar: (3, 4), from homogeneous points to depth * (x, y, 1), pixel centres at +0.5.
    """

    path: Path
    image: Path
    image_T_lidar: np.ndarray

    def load(self, task: Task) -> np.ndarray:
        """(H, W) float32 metres along the camera's z axis, the task's void where no point falls."""
        return project_points(read_points(self.path), self.image_T_lidar, read_size(self.image), task.void)


def read_points(path: Path) -> np.ndarray:
    """A velodyne file -> (N, 3) metres.

    Raises:
        DataError: The file is missing, cut off or holds numbers that are no coordinates.
    """
    try:
        numbers = np.fromfile(path, np.float32)
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error}); restore it or remove it from the split') from None
    if not numbers.size or numbers.nbytes != path.stat().st_size or numbers.size % 4:
        raise DataError(f'{path}: expected four float32 per point, found {path.stat().st_size} bytes; restore the file')
    points = numbers.reshape(-1, 4)[:, :3]
    if not np.isfinite(points).all() or np.abs(points).max() > 1e4:
        raise DataError(f'{path}: expected coordinates in metres, found NaN or numbers beyond 10 km; restore the file')
    return points


def project_points(
    points: np.ndarray, image_T_lidar: np.ndarray, size: tuple[int, int], void: float = 0.0
) -> np.ndarray:
    """Points (N, 3) -> depth (H, W) float32; of several points in one pixel the nearest counts."""
    height, width = size
    homogeneous = points.astype(np.float64) @ image_T_lidar[:, :3].T + image_T_lidar[:, 3]  # (N, 3)
    depth = homogeneous[:, 2]
    homogeneous = homogeneous[depth > NEAR]
    depth = homogeneous[:, 2]
    column, row = np.floor(homogeneous[:, :2] / depth[:, None]).astype(np.int64).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    nearest = np.full(size, np.inf)
    np.minimum.at(nearest, (row[inside], column[inside]), depth[inside])
    return np.where(np.isfinite(nearest), nearest, void).astype(np.float32)
