"""Plane sweep: depth planes, and the positions of reference pixels in another view at each of them.

The planes are fronto-parallel to the reference camera, uniform in inverse depth, the far plane first
(MVSplat, ECCV 2024, and UniMatch, TPAMI 2023). Where we differ: each camera has its own intrinsics, pixel centres
are exact, and points behind the camera are outside of the image (upstream clamps their depth to 1 mm).
"""

import warnings

import torch
from torch import Tensor

from mmmtl.geometry.projection import MIN_DEPTH, apply_matrix, divide, view_rays

DEPTH_RANGES = {
    # The published "0.0001-10" can only be inverse depth: read as depth, 115 of 128 planes are nearer than 1 mm.
    'paper': (0.1, 10000.0),
    'indoor': (0.5, 10.0),
}


def inverse_depth_planes(
    near: float, far: float, planes: int, *, device: torch.device | None = None, dtype=torch.float32
) -> Tensor:
    """Return inverse depths (D,) in 1 / m, equally spaced from 1 / far to 1 / near, inclusive.

    Args:
        near: Depth of the nearest plane, in metres, > 0.
        far: Depth of the farthest plane, in metres, > near.
        planes: D, at least 2.
        device: Device of the result.
        dtype: Data type of the result.

    Raises:
        ValueError: An argument is out of range.
    """
    if not 0 < near < far or planes < 2:
        raise ValueError(
            f'expected 0 < near < far and at least 2 planes, found near={near}, far={far}, planes={planes}'
        )
    return torch.linspace(1 / far, 1 / near, planes, device=device, dtype=dtype)


def sweep_positions(
    reference_intrinsics: Tensor,
    source_intrinsics: Tensor,
    source_T_reference: Tensor,
    inverse_depths: Tensor,
    size: tuple[int, int],
) -> Tensor:
    """Compute the source positions (N, 2, D, H * W) of all reference pixels at every plane, without gradient.

    At depth d = 1 / q a pixel u lies at K_s (d R K_r^-1 u + t), which is proportional to K_s R K_r^-1 u + q K_s t.
    Points on or behind the source camera get a position outside of every map.

    Args:
        reference_intrinsics: (N, 3, 3) in pixels of the feature maps.
        source_intrinsics: (N, 3, 3), in pixels of the feature maps.
        source_T_reference: (N, 4, 4), metres.
        inverse_depths: (D,) in 1 / m.
        size: (H, W) of the reference map.
    """
    with torch.no_grad():
        rays = view_rays(reference_intrinsics, *size)  # (N, 3, H, W)
        dtype = rays.dtype
        pose, source_intrinsics = source_T_reference.to(dtype), source_intrinsics.to(dtype)
        direction = apply_matrix(pose[:, :3, :3], rays).flatten(2)[:, :, None]  # (N, 3, 1, H*W)
        offset = inverse_depths.to(dtype)[:, None] * pose[:, :3, 3, None, None]  # (N, 3, D, 1)
        depth = direction[:, 2:] + offset[:, 2:]  # in units of d
        in_front = depth > MIN_DEPTH * inverse_depths.to(dtype)[:, None]
        numerator = (apply_matrix(source_intrinsics, direction) + apply_matrix(source_intrinsics, offset))[:, :2]
        return divide(numerator, depth, in_front)


def warn_outside_planes(depth: Tensor, near: float, far: float, *, name: str) -> None:
    """Warn if no known depth (metres, any shape) lies between the nearest and the farthest plane.

    Args:
        depth: Depth map, 0 where void.
        near: Depth of the nearest plane.
        far: Depth of the farthest plane.
        name: Name of the view in the warning.
    """
    known = depth[depth > 0]
    if len(known) and not ((known >= near) & (known <= far)).any():
        warnings.warn(
            f'{name}: depths from {known.min():.3g} m to {known.max():.3g} m all lie outside of the planes from '
            f'{near:g} m to {far:g} m',
            stacklevel=2,
        )
