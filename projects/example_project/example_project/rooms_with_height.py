"""A dataset of generated rooms with height labels, computed from the depth when a sample is loaded."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmmtl.datasets import LabelReader, Record, View
from mmmtl.registry import DATASETS
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, Task


@dataclass(frozen=True)
class HeightFromDepth:
    """Label reader for the height of the visible surface: its z coordinate in world space, 0 at the floor of a room.

    Args:
        depth: Reader of the depth along z.
        intrinsics: (3, 3), in pixels.
        camera_T_world: (4, 4), in metres.
    """

    depth: LabelReader
    intrinsics: np.ndarray
    camera_T_world: np.ndarray  # noqa: N815  b_T_a transforms points from frame a to b

    @property
    def path(self) -> Path:
        """File that error messages about this label refer to."""
        return self.depth.path

    def load(self, task: Task) -> np.ndarray:
        """Return heights (H, W) in metres, ``task.void`` where the depth is unknown."""
        depth = self.depth.load(Depth('depth'))
        height, width = depth.shape
        x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)  # pixel centres
        rays = np.stack([x, y, np.ones_like(x)], axis=-1) @ np.linalg.inv(self.intrinsics).T  # (H, W, 3)
        world_T_camera = np.linalg.inv(self.camera_T_world)  # noqa: N806
        z = depth * (rays @ world_T_camera[2, :3]) + world_T_camera[2, 3]
        return np.where(depth > 0, z.clip(min=0), task.void).astype(np.float32)


@DATASETS.register_module()
class RoomsWithHeight(SyntheticRooms):
    """`SyntheticRooms` with an additional label ``height``."""

    def load_records(self) -> list[Record]:
        return [
            replace(record, views=tuple(with_height(view) for view in record.views))
            for record in super().load_records()
        ]


def with_height(view: View) -> View:
    """Return the view with a ``height`` label that is computed on loading."""
    height = HeightFromDepth(view.labels['depth'], view.intrinsics, view.camera_T_world)
    return replace(view, labels={**view.labels, 'height': height})
