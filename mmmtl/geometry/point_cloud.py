"""Point clouds from depth maps: back-project the pixels of one or several posed views."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmmtl.geometry.camera import check_camera, invert_pose
from mmmtl.geometry.normals import normals_from_depth
from mmmtl.geometry.projection import apply_matrix, back_project, transform_points


@dataclass(frozen=True)
class PointCloud:
    """Points with colours and normals.

    Args:
        points: (P, 3) float32 in metres.
        colours: (P, 3) uint8 RGB.
        normals: (P, 3) float32 unit vectors; (0, 0, 0) where unknown.
    """

    points: np.ndarray
    colours: np.ndarray
    normals: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    @classmethod
    def merged(cls, clouds: Sequence[PointCloud]) -> PointCloud:
        """Join clouds of one frame, in their order."""
        return cls(
            np.concatenate([cloud.points for cloud in clouds]),
            np.concatenate([cloud.colours for cloud in clouds]),
            np.concatenate([cloud.normals for cloud in clouds]),
        )


def point_cloud(
    image: np.ndarray,
    depth: np.ndarray,
    intrinsics: np.ndarray,
    *,
    normals: np.ndarray | None = None,
    camera_T_world: np.ndarray | None = None,
    max_depth: float | None = None,
) -> PointCloud:
    """Back-project the pixels of a view, row by row; pixels without depth are skipped.

    Several views are merged by `PointCloud.merged`.

    Args:
        image: (H, W, 3) uint8 RGB.
        depth: (H, W) metres along z; pixels of depth 0, below 0 or not finite are skipped.
        intrinsics: (3, 3) in pixels of the depth map, pixel centres at + 0.5.
        normals: (H, W, 3) in the camera frame, (0, 0, 0) where unknown; computed from the depth if None.
        camera_T_world: (4, 4), world to camera in metres; the cloud is then in the world frame. If None, it is in the
            camera frame: x right, y down, z forward.
        max_depth: Pixels farther than this, in metres, are skipped.

    Raises:
        ValueError: Shapes differ, or the camera is not plausible.
    """
    size = depth.shape
    if image.shape != (*size, 3) or (normals is not None and normals.shape != (*size, 3)):
        shapes = f'{image.shape} and {size}' if normals is None else f'{image.shape}, {size} and {normals.shape}'
        raise ValueError(f'image, depth and normals must be H x W x 3, H x W and H x W x 3, found {shapes}')
    camera = torch.as_tensor(np.asarray(intrinsics), dtype=torch.float32)
    pose = torch.eye(4) if camera_T_world is None else torch.as_tensor(np.asarray(camera_T_world), dtype=torch.float32)
    check_camera(camera, pose, (size[0], size[1]), name='the view')
    metres = torch.from_numpy(np.where(np.isfinite(depth) & (depth > 0), depth, 0).astype(np.float32))[None, None]
    directions = (
        normals_from_depth(metres, camera[None])
        if normals is None
        else torch.from_numpy(np.ascontiguousarray(normals, np.float32)).permute(2, 0, 1)[None]
    )
    world_T_camera = invert_pose(pose)[None]
    known = (metres > 0) & (metres <= (math.inf if max_depth is None else max_depth))
    points = transform_points(back_project(metres, camera[None]), world_T_camera)
    return PointCloud(
        _rows(points, known),
        np.ascontiguousarray(image[known[0, 0].numpy()]),
        _rows(apply_matrix(world_T_camera[:, :3, :3], directions), known),
    )


def intrinsics_of_field_of_view(degrees: float, size: tuple[int, int]) -> np.ndarray:
    """Return intrinsics (3, 3) of square pixels and a central principal point.

    Args:
        degrees: Horizontal field of view.
        size: (H, W) of the image.

    Raises:
        ValueError: The field of view is not between 0 and 180 degrees.
    """
    if not 0 < degrees < 180:
        raise ValueError(f'the field of view must lie between 0 and 180 degrees, found {degrees:g}')
    height, width = size
    focal = width / 2 / math.tan(math.radians(degrees) / 2)
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])


def _rows(values: Tensor, known: Tensor) -> np.ndarray:
    """Return the known pixels of a map (1, 3, H, W) as rows (P, 3)."""
    return values[0].permute(1, 2, 0)[known[0, 0]].numpy()
