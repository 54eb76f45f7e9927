"""Read KITTI's calibration of the rectified cameras and the LiDAR, with pixel centres moved to +0.5."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.text_files import read_lines

SHAPES = {12: (3, 4), 9: (3, 3), 3: (3,)}


def read_kitti_calibration(path: Path, needed: Iterable[str]) -> dict[str, np.ndarray]:
    """Read the entries ``NAME: numbers`` in ``needed``: 12 numbers as (3, 4), 9 as (3, 3), 3 as (3,).

    Raises:
        DataError: The file is missing or truncated, or lacks an entry.
    """
    needed = tuple(needed)
    try:
        lines = dict(line.split(':', 1) for line in read_lines(path).values() if ':' in line)
        found = {name: np.array(lines[name].split(), np.float64) for name in needed if name in lines}
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: expected a calibration of KITTI ({error}); unpack the calibration archive') from None
    for name in needed:
        if name not in found or found[name].size not in SHAPES or not np.isfinite(found[name]).all():
            raise DataError(f'{path}: expected {name} with 3, 9 or 12 numbers; unpack the calibration archive again')
    return {name: numbers.reshape(SHAPES[numbers.size]) for name, numbers in found.items()}


def centred_intrinsics(projection: np.ndarray) -> np.ndarray:
    """Return the intrinsics (3, 3) of a projection (3, 4), moving pixel centres from 0 to +0.5."""
    intrinsics = projection[:, :3].copy()
    intrinsics[:2, 2] += 0.5
    return intrinsics


def rectified_camera(cameras: Mapping[str, np.ndarray], camera: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the intrinsics (3, 3) of camera 02 or 03 and its pose (4, 4) relative to the rectified camera 00.

    P = K [1 | t], so t = K^-1 P[:, 3] with the original K; the shift by half a pixel is applied to K alone.
    """
    projection = cameras[f'P_rect_{camera}']
    pose = np.eye(4)
    pose[:3, 3] = np.linalg.solve(projection[:, :3], projection[:, 3])
    return centred_intrinsics(projection), pose


def rectified_T_lidar(cameras: Mapping[str, np.ndarray], scanner: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the pose (4, 4) that maps LiDAR points to the rectified camera 00."""
    camera_T_lidar, rectified_T_camera = np.eye(4), np.eye(4)
    camera_T_lidar[:3, :3], camera_T_lidar[:3, 3] = scanner['R'], scanner['T']
    rectified_T_camera[:3, :3] = cameras['R_rect_00']
    return rectified_T_camera @ camera_T_lidar
