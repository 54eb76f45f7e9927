"""Labels in files whose raw values need more than a scale: normals with grey gaps, two-valued pictures, boundaries."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.reading import read_array
from mmmtl.tasks import Task
from mmmtl.tasks.thinning import thin

SHORTEST, LONGEST = 0.5, 1.2  # lengths of stored vectors that pass for unit ones; grey is about 0.007 long
MOST_OFF = 0.25  # share of the vectors that may be off the unit length by a tenth: a photograph has more


@dataclass(frozen=True)
class NormalFile:
    """Normals as three 8-bit channels, n = 2 v / 255 - 1, or as floats; made unit, and void where they are too short.

    An invalid pixel is grey, (127, 127, 127) or (128, 128, 128), and decodes to a short vector, not to zero. ``signs``
    take the file's axes to ours: x right, y down, z forward, so that a wall straight ahead is (0, 0, -1).
    """

    path: Path
    signs: tuple[int, int, int] = (1, 1, 1)

    def load(self, task: Task) -> np.ndarray:
        raw = read_array(self.path)
        if raw.ndim != 3 or raw.shape[2] != 3:
            raise DataError(f'{self.path}: expected normals H x W x 3, found shape {raw.shape}')
        if raw.dtype.kind == 'f':
            normal = raw.astype(np.float32)
        elif raw.dtype == np.uint8:
            normal = raw.astype(np.float32) * np.float32(2 / 255) - 1
        else:
            raise DataError(f'{self.path}: expected normals as 8 bits or as floating point, found {raw.dtype}')
        length = np.linalg.norm(normal, axis=-1, keepdims=True)
        known = length > SHORTEST
        off = np.count_nonzero(np.abs(length[known] - 1) > 0.1)
        if not (length <= LONGEST).all() or off > MOST_OFF * np.count_nonzero(known):
            raise DataError(
                f'{self.path}: expected unit vectors and gaps near (0, 0, 0), found {off} of another '
                f'length, at most {length.max():.3g}; restore the file'
            )
        return np.where(known, normal / np.maximum(length, SHORTEST) * np.float32(self.signs), 0).astype(np.float32)


@dataclass(frozen=True)
class BinaryPicture:
    """A picture of 0 and 255 (or grey levels between, or 0 and 1 only); 1 where it is brighter than half."""

    path: Path

    def load(self, task: Task) -> np.ndarray:
        raw = read_array(self.path)
        if raw.ndim != 2 or raw.dtype.kind not in 'bui' or (raw.size and raw.max() > 255):
            raise DataError(f'{self.path}: expected a picture of 8 bits and one channel, found {raw.shape} {raw.dtype}')
        half = 0.5 if raw.size and raw.max() == 1 else 127.5
        return in_dtype(raw > half, task)


def boundaries(labels: np.ndarray) -> np.ndarray:
    """Where classes (H, W) meet, one pixel wide: |Laplacian| > 0, thinned. Bool (H, W)."""
    return thin(np.abs(cv2.Laplacian(labels.astype(np.float64), cv2.CV_64F)) > 0)


def in_dtype(label: np.ndarray, task: Task) -> np.ndarray:
    """In the type that labels of the task travel in."""
    return label.astype(np.float32 if task.dtype.is_floating_point else np.int64)
