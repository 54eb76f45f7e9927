"""Readers of label images: normals, binary masks and class boundaries."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmmtl.datasets.records import is_any_of
from mmmtl.errors import DataError
from mmmtl.files.reading import read_array, read_indices
from mmmtl.files.value_table import map_values
from mmmtl.tasks import Task
from mmmtl.tasks.normal import lengths_of
from mmmtl.tasks.thinning import thin

MIN_LENGTH, MAX_LENGTH = 0.5, 1.2  # of stored vectors that count as unit vectors; grey has length 0.007
MAX_OFF_LENGTH = 0.25  # fraction of vectors whose length may be off by 0.1; a photograph has more


@dataclass(frozen=True)
class NormalFile:
    """Label reader of normals in three 8-bit channels, n = 2 v / 255 - 1, or in floating point.

    Normals are normalized to unit length. Short vectors are void: an invalid pixel is grey, (127, 127, 127) or
    (128, 128, 128), which does not decode to exactly zero.

    Args:
        path: Image or array (H, W, 3).
        signs: Signs that convert the axes of the file to x right, y down, z forward, so that a wall straight ahead has
            the normal (0, 0, -1).
    """

    path: Path
    signs: tuple[int, ...] = (1, 1, 1)

    def load(self, task: Task) -> np.ndarray:
        """Return unit vectors (H, W, 3) float32, (0, 0, 0) where unknown.

        Raises:
            DataError: The file is missing or damaged, or does not hold unit vectors.
        """
        raw = read_array(self.path)
        if raw.ndim != 3 or raw.shape[2] != 3 or not raw.size:
            raise DataError(f'{self.path}: expected normals H x W x 3, found shape {raw.shape}')
        channels = raw.transpose(2, 0, 1)  # arithmetic on separate channels is several times as fast
        if raw.dtype.kind == 'f':
            axes = np.ascontiguousarray(channels, np.float32)
        elif raw.dtype == np.uint8:
            axes = map_values(_decode, np.ascontiguousarray(channels))
        else:
            raise DataError(f'{self.path}: expected normals as 8 bits or as floating point, found {raw.dtype}')
        length = lengths_of(axes)
        known = length > MIN_LENGTH
        off = np.count_nonzero(known & (np.abs(length - 1) > 0.1))
        if not (length <= MAX_LENGTH).all() or off > MAX_OFF_LENGTH * np.count_nonzero(known):
            raise DataError(
                f'{self.path}: expected unit vectors, or (0, 0, 0) for unknown, found {off} of a different '
                f'length, at most {length.max():.3g}; restore the file'
            )
        axes /= np.maximum(length, MIN_LENGTH)
        for axis, sign in zip(axes, self.signs, strict=True):
            if sign != 1:
                axis *= np.float32(sign)
        return cv2.copyTo(cv2.merge(list(axes)), known.view(np.uint8))  # 0 where unknown


def _decode(values: np.ndarray) -> np.ndarray:
    """Convert components of normals from 0..255 to -1..1."""
    return values.astype(np.float32) * np.float32(2 / 255) - 1


@dataclass(frozen=True)
class BinaryMaskFile:
    """Label reader of a mask with values in 0..255 or {0, 1}: 1 where the value exceeds half of the maximum.

    Args:
        path: Single-channel 8-bit image or array (H, W).
        void: Raw value or values of unknown pixels.
    """

    path: Path
    void: float | Sequence[float] | None = None

    def load(self, task: Task) -> np.ndarray:
        """Return (H, W) in {0, 1}, float32 or int64 depending on the task; the task's void where unknown.

        Raises:
            DataError: The file is missing or damaged, or is not a single-channel 8-bit image.
        """
        raw = read_array(self.path)
        if raw.ndim != 2 or raw.dtype.kind not in 'bui' or (raw.size and raw.max() > 255):
            raise DataError(f'{self.path}: expected a single-channel 8-bit image, found {raw.shape} {raw.dtype}')
        known_raw = raw if self.void is None else raw[~is_any_of(raw, self.void)]
        if raw.dtype.kind == 'i' and known_raw.min(initial=0) < 0:
            raise DataError(
                f'{self.path}: expected values 0..255, found {known_raw.min()}; state the value of unknown pixels: void'
            )
        half = 0.5 if known_raw.max(initial=0) == 1 else 127.5
        return map_values(lambda values: self._to_mask(values, half, task), raw)

    def _to_mask(self, raw: np.ndarray, half: float, task: Task) -> np.ndarray:
        """Convert raw values of any shape to those of the task."""
        mask = to_task_dtype(raw > half, task)
        if self.void is not None:
            mask[is_any_of(raw, self.void)] = task.void
        return mask


@dataclass(frozen=True)
class InstanceBoundaries:
    """Label reader of an index image of instances: 1 on their boundaries, one pixel wide, else 0."""

    path: Path

    def load(self, task: Task) -> np.ndarray:
        """Return (H, W) in {0, 1}, float32 or int64 depending on the task; the task's void where unknown.

        Raises:
            DataError: The file is missing or damaged, or is not an index image.
        """
        return to_task_dtype(class_boundaries(read_indices(self.path)), task)


def class_boundaries(labels: np.ndarray) -> np.ndarray:
    """Return the boundaries of classes (H, W) as bool (H, W), one pixel wide: |Laplacian| > 0, thinned."""
    exact = np.float32 if labels.dtype in (np.uint8, np.uint16) else np.float64  # for sums of five values
    return thin(cv2.Laplacian(labels.astype(exact), -1) != 0)


def to_task_dtype(label: np.ndarray, task: Task) -> np.ndarray:
    """Convert a label to float32 for quantities or int64 for classes."""
    return label.astype(np.float32 if task.dtype.is_floating_point else np.int64)
