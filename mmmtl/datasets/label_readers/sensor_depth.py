"""Sensor depth in 16-bit files, and normals derived from it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mmmtl.datasets.records import LabelReader
from mmmtl.geometry import normals_from_depth
from mmmtl.tasks import Depth, Task

MISSING = (0, 65535)  # raw 16-bit values of missing depth: 0, and the largest value
DEPTH = Depth('depth')  # task to read the file with, whether or not depth is learnt


@dataclass(frozen=True)
class NormalsFromDepth:
    """Label reader of normals of planes fitted to the depth around each pixel; unknown in gaps and at depth edges.

    Args:
        depth: Reader of the depth.
        intrinsics: (3, 3) in pixels of the depth map, see `mmmtl.geometry.normals_from_depth`.
    """

    depth: LabelReader
    intrinsics: np.ndarray

    @property
    def path(self) -> Path:
        """The depth file."""
        return self.depth.path

    def load(self, task: Task) -> np.ndarray:
        """Return unit normals (H, W, 3) float32 in the camera frame, (0, 0, 0) where unknown."""
        depth = torch.from_numpy(self.depth.load(DEPTH))[None, None]  # (1, 1, H, W)
        intrinsics = torch.as_tensor(self.intrinsics, dtype=torch.float32)[None]
        return normals_from_depth(depth, intrinsics)[0].permute(1, 2, 0).numpy()
