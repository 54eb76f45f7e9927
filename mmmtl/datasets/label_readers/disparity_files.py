"""Reader of depth that is stored as disparity of a rectified stereo pair."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.datasets.records import is_any_of
from mmmtl.errors import DataError
from mmmtl.files.reading import read_array
from mmmtl.files.value_table import map_values
from mmmtl.tasks import Task


@dataclass(frozen=True)
class DepthFromDisparity:
    """Label reader: depth = focal * baseline / (d + shift), where d = raw * scale + offset is the disparity in pixels.

    Depth is unknown where raw is ``void`` or not finite, where d + shift is not positive, and beyond ``far``, where the
    error of the disparity dominates.

    Args:
        path: Disparity file, 16-bit image or array.
        focal: Focal length in pixels of the image that the disparity belongs to.
        baseline: Baseline in metres.
        scale: Pixels per unit of the file.
        offset: Offset of the disparity in pixels.
        shift: x of the right minus x of the left principal point in pixels (Middlebury's ``doffs``).
        void: Raw value or values of missing disparity.
        far: Largest known depth in metres.
    """

    path: Path
    focal: float
    baseline: float
    scale: float = 1.0
    offset: float = 0.0
    shift: float = 0.0
    void: float | Sequence[float] = 0.0
    far: float = float('inf')

    def load(self, task: Task) -> np.ndarray:
        """Return (H, W) float32 in metres, the task's void where unknown.

        Raises:
            DataError: The file cannot be read, or is not a map H x W.
        """
        raw = read_array(self.path)
        if raw.ndim != 2:
            raise DataError(f'{self.path}: expected H x W disparities, found shape {raw.shape}')
        return map_values(lambda values: self._to_depth(values, task.void), raw)

    def _to_depth(self, raw: np.ndarray, void: float) -> np.ndarray:
        """Convert raw values of any shape to metres."""
        disparity = raw.astype(np.float64) * self.scale + self.offset + self.shift
        known = ~is_any_of(raw, self.void) & np.isfinite(disparity) & (disparity > 0)
        depth = self.focal * self.baseline / np.where(known, disparity, 1)
        return np.where(known & (depth <= self.far), depth, void).astype(np.float32)
