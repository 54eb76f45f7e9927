"""Reader of sparse depth from LiDAR points projected into a camera."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.reading import read_size
from mmmtl.tasks import Task

NEAR = 0.1  # metres; points nearer to the camera belong to the car or lie behind it


@dataclass(frozen=True)
class LidarDepth:
    """Label reader: depth of the nearest LiDAR point in each pixel, unknown where there is none.

    Args:
        path: Velodyne file of KITTI: float32 x, y, z and reflectance per point, in the frame of the LiDAR.
        image: Image file that gives the size of the map.
        image_T_lidar: Projection (3, 4) from homogeneous points to depth * (x, y, 1), pixel centres at +0.5.
    """

    path: Path
    image: Path
    image_T_lidar: np.ndarray

    def load(self, task: Task) -> np.ndarray:
        """Return (H, W) float32 in metres along the z axis of the camera, the task's void where unknown."""
        return project_points(read_points(self.path), self.image_T_lidar, read_size(self.image), task.void)


def read_points(path: Path) -> np.ndarray:
    """Read the points (N, 3) of a velodyne file in metres.

    Raises:
        DataError: The file is missing or truncated, or does not hold coordinates.
    """
    try:
        values = np.fromfile(path, np.float32)
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error}); restore it or remove it from the split') from None
    if not values.size or values.nbytes != path.stat().st_size or values.size % 4:
        raise DataError(f'{path}: expected four float32 per point, found {path.stat().st_size} bytes; restore the file')
    points = values.reshape(-1, 4)[:, :3]
    if not np.isfinite(points).all() or np.abs(points).max() > 1e4:
        raise DataError(f'{path}: expected coordinates in metres, found NaN or numbers beyond 10 km; restore the file')
    return points


def project_points(
    points: np.ndarray, image_T_lidar: np.ndarray, size: tuple[int, int], void: float = 0.0
) -> np.ndarray:
    """Project points (N, 3) to a depth map (H, W) float32 with the nearest point of each pixel."""
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
