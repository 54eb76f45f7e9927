"""Depth of a sensor in 16-bit files, and the normals that follow from it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mmmtl.datasets.records import LabelFile
from mmmtl.geometry import normals_from_depth
from mmmtl.tasks import Depth, Task

MISSING = (0, 65535)  # of 16-bit depth in millimetres: nothing measured, and where the numbers end
DEPTH = Depth('depth')  # reads the file also where no task of that kind is being learnt


@dataclass(frozen=True)
class NormalsFromDepth:
    """Normals derived from the plane through neighbouring depths; unknown at gaps and depth edges."""

    depth: LabelFile
    intrinsics: np.ndarray

    @property
    def path(self) -> Path:
        """The depth file."""
        return self.depth.path

    def load(self, task: Task) -> np.ndarray:
        """(H, W, 3) unit normals in the camera frame, (0, 0, 0) where unknown."""
        depth = torch.from_numpy(self.depth.load(DEPTH))[None, None]  # (1, 1, H, W)
        intrinsics = torch.as_tensor(self.intrinsics, dtype=torch.float32)[None]
        return normals_from_depth(depth, intrinsics)[0].permute(1, 2, 0).numpy()
