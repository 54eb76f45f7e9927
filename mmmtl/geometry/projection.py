"""Back-projection, projection, and sampling grids at pixel positions.

Maps are (N, C, H, W), points (N, 3, H, W) metres, pixel positions (N, 2, H, W) as (x, y) with centres at + 0.5. All
computations are in float32 or float64, also under autocast and with TF32.
"""

import torch
from torch import Tensor

from mmmtl.geometry.camera import invert_intrinsics

MIN_DEPTH = 1e-6  # metres; points with smaller z are not projected
OUTSIDE = -1e6  # position of points that are not projected: outside of every image


def pixel_centres(height: int, width: int, *, device: torch.device | None = None, dtype=torch.float32) -> Tensor:
    """Return the centres (x, y) of all pixels, (2, H, W)."""
    y = torch.arange(height, device=device, dtype=dtype) + 0.5
    x = torch.arange(width, device=device, dtype=dtype) + 0.5
    return torch.stack((x.expand(height, width), y[:, None].expand(height, width)))


def view_rays(intrinsics: Tensor, height: int, width: int) -> Tensor:
    """Return the points at depth 1 of all pixels, K^-1 (x, y, 1), (N, 3, H, W) for intrinsics (N, 3, 3)."""
    intrinsics = at_least_float32(intrinsics)
    centres = pixel_centres(height, width, device=intrinsics.device, dtype=intrinsics.dtype)
    return apply_matrix(invert_intrinsics(intrinsics), torch.cat((centres, torch.ones_like(centres[:1])))[None])


def back_project(depth: Tensor, intrinsics: Tensor) -> Tensor:
    """Compute points (N, 3, H, W) in the camera frame from depth (N, 1, H, W) and intrinsics (N, 3, 3)."""
    return at_least_float32(depth) * view_rays(intrinsics, *depth.shape[-2:])


def transform_points(points: Tensor, target_T_source: Tensor) -> Tensor:
    """Transform points (N, 3, H, W) from the source frame to the target frame by poses (N, 4, 4)."""
    points = at_least_float32(points)
    pose = target_T_source.to(points.dtype)
    return apply_matrix(pose[:, :3, :3], points) + pose[:, :3, 3, None, None]


def project(points: Tensor, intrinsics: Tensor) -> tuple[Tensor, Tensor]:
    """Compute pixel positions (N, 2, H, W) and depth (N, 1, H, W) of points (N, 3, H, W).

    Points on or behind the camera plane get a position far outside of the image.
    """
    points = at_least_float32(points)
    numerator = apply_matrix(intrinsics.to(points.dtype), points)[:, :2]
    depth = points[:, 2:]
    return divide(numerator, depth, depth > MIN_DEPTH), depth


def divide(numerator: Tensor, depth: Tensor, seen: Tensor) -> Tensor:
    """Compute numerator / depth where ``seen``, OUTSIDE elsewhere; finite, with a finite gradient."""
    positions = numerator / torch.where(seen, depth, 1)
    return torch.where(seen, positions, OUTSIDE).clamp(OUTSIDE, -OUTSIDE)


def sampling_grid(positions: Tensor, height: int, width: int) -> Tensor:
    """Convert positions (N, 2, h, w) in an H x W map to a grid for `grid_sample(..., align_corners=False)`."""
    x, y = positions.unbind(1)
    return torch.stack((2 * x / width - 1, 2 * y / height - 1), dim=-1)


def apply_matrix(matrix: Tensor, points: Tensor) -> Tensor:
    """Multiply matrices (N, 3, 3) and points (N, 3, H, W) without `matmul`, which may round to TF32."""
    x, y, z = points.unbind(1)
    columns = matrix[:, :, :, None, None].unbind(2)  # 3 x (N, 3, 1, 1)
    return columns[0] * x[:, None] + columns[1] * y[:, None] + columns[2] * z[:, None]


def at_least_float32(tensor: Tensor) -> Tensor:
    """Convert half precision to float32; float64 stays."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
