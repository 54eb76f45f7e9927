"""Read the depth, intrinsics and pose files of ScanNet's exporter."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmmtl.datasets.records import LabelFile
from mmmtl.errors import DataError
from mmmtl.files.reading import read_size
from mmmtl.files.required_files import missing_file
from mmmtl.files.text_files import read_numbers
from mmmtl.tasks import Task


@dataclass(frozen=True)
class DepthAtImageSize:
    """Label reader: depth of lower resolution, resized to the size of its image with nearest neighbour."""

    file: LabelFile
    image: Path

    @property
    def path(self) -> Path:
        """The depth file."""
        return self.file.path

    def load(self, task: Task) -> np.ndarray:
        """Return (H, W) float32 in metres, the task's void where unknown.

        Raises:
            DataError: The file cannot be read, or its aspect ratio differs from that of the image.
        """
        depth = self.file.load(task)
        height, width = read_size(self.image)
        if abs(depth.shape[1] * height - depth.shape[0] * width) > 0.02 * depth.shape[0] * width:
            raise DataError(
                f'{self.path}: {depth.shape[0]} x {depth.shape[1]} does not have the aspect ratio of its image '
                f'{self.image}, {height} x {width}; restore the file'
            )
        return cv2.resize(depth, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)


def read_intrinsics(path: Path) -> np.ndarray:
    """Read 3 x 3 or 4 x 4 intrinsics with pixel centres at 0, and return (3, 3) with pixel centres at +0.5.

    Raises:
        DataError: The file is missing or has a different format.
    """
    try:
        matrix = read_numbers(path)
    except FileNotFoundError:
        raise missing_file(path, 'the intrinsics of the frames') from None
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: expected 3 x 3 or 4 x 4 intrinsics ({error}); restore the file') from None
    if matrix.shape not in ((3, 3), (4, 4)):
        raise DataError(f'{path}: expected 3 x 3 or 4 x 4 intrinsics, found shape {matrix.shape}; restore the file')
    if not np.isfinite(matrix).all():
        raise DataError(f'{path}: the intrinsics have NaN or infinite values; restore the file')
    intrinsics = matrix[:3, :3].copy()
    intrinsics[:2, 2] += 0.5
    return intrinsics


def read_pose(path: Path) -> np.ndarray | None:
    """Read a 4 x 4 camera-to-world pose; None if it is not finite because tracking was lost.

    Raises:
        DataError: The file is missing or has a different format.
    """
    try:
        pose = read_numbers(path)
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: expected a 4 x 4 pose ({error}); restore it or remove the frame') from None
    if pose.shape != (4, 4):
        raise DataError(f'{path}: expected a 4 x 4 pose, found shape {pose.shape}; restore it or remove the frame')
    return pose if np.isfinite(pose).all() else None
