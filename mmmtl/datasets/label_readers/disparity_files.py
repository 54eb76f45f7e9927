"""Depth from the disparity of a rectified stereo pair."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.datasets.records import is_any_of
from mmmtl.errors import DataError
from mmmtl.files.reading import read_array
from mmmtl.tasks import Task


@dataclass(frozen=True)
class DepthFromDisparity:
    """depth = focal * baseline / (d + shift), where d = raw * scale + offset pixels.

    Unknown where raw is ``void`` or not finite, where d + shift is not positive, and beyond ``far``: a small disparity
    is all error.

    Args:
        path: Of the disparities, 16-bit picture or array.
        focal: In pixels of the image that the disparity belongs to.
        baseline: Metres.
        scale: Pixels per unit of the file.
        offset: Pixels.
        shift: x of the right principal point minus x of the left one (Middlebury's ``doffs``).
        void: The number, or numbers, that say "not measured".
        far: Metres.
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
        """(H, W) float32 metres, the task's void where unknown."""
        raw = read_array(self.path)
        if raw.ndim != 2:
            raise DataError(f'{self.path}: expected H x W disparities, found shape {raw.shape}')
        disparity = raw.astype(np.float64) * self.scale + self.offset + self.shift
        known = ~is_any_of(raw, self.void) & np.isfinite(disparity) & (disparity > 0)
        depth = self.focal * self.baseline / np.where(known, disparity, 1)
        return np.where(known & (depth <= self.far), depth, task.void).astype(np.float32)
