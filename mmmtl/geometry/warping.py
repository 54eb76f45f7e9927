"""Warping between views of known depth: correspondences, sampling and visibility."""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from mmmtl.geometry.projection import (
    MIN_DEPTH,
    at_least_float32,
    back_project,
    project,
    sampling_grid,
    transform_points,
)


def correspondences(
    depth: Tensor, target_intrinsics: Tensor, source_intrinsics: Tensor, source_T_target: Tensor
) -> tuple[Tensor, Tensor]:
    """Compute the position of every target pixel in the source view.

    Args:
        depth: (N, 1, H, W) metres of the target view, 0 where void.
        target_intrinsics: (N, 3, 3).
        source_intrinsics: (N, 3, 3).
        source_T_target: (N, 4, 4).

    Returns:
        Pixel positions (N, 2, H, W) in the source image and depth (N, 1, H, W) in the source camera. Pixels of void
        depth and points behind the source camera get a position outside of every image and depth 0.
    """
    points = transform_points(back_project(depth, target_intrinsics), source_T_target)
    in_front = (depth > 0) & (points[:, 2:] > MIN_DEPTH)
    positions, source_depth = project(torch.where(in_front, points, 0), source_intrinsics)
    return positions, source_depth


def warp(values: Tensor, positions: Tensor, *, mode: str = 'bilinear') -> tuple[Tensor, Tensor]:
    """Sample the source map at the positions of target pixels.

    Args:
        values: (N, C, Hs, Ws) of the source view.
        positions: (N, 2, H, W), from `correspondences`.
        mode: 'bilinear', or 'nearest' for class indices and for depth.

    Returns:
        Values (N, C, H, W) and validity (N, 1, H, W): true where the position lies inside the source image. Within half
        a pixel of the image border the border's value is used.
    """
    height, width = values.shape[-2:]
    inside = inside_image(positions, height, width)
    precise = at_least_float32(values)  # in half precision, positions would be rounded to whole pixels
    grid = sampling_grid(positions, height, width).to(precise.dtype)
    warped = grid_sample(precise, grid, mode=mode, padding_mode='border', align_corners=False)
    return torch.where(inside, warped, 0).to(values.dtype), inside


def visible_pixels(
    positions: Tensor, expected_depth: Tensor, source_depth: Tensor, *, tolerance: float = 0.05
) -> Tensor:
    """Compute by a depth test which target pixels are visible in the source view, bool (N, 1, H, W).

    A pixel is visible if the depth of the source view at its position agrees with the expected depth,
    |measured - expected| <= tolerance * expected. No pixel is visible where the source depth is void.

    Args:
        positions: (N, 2, H, W), from `correspondences`.
        expected_depth: (N, 1, H, W), from `correspondences`.
        source_depth: (N, 1, Hs, Ws) of the source view, 0 where void.
        tolerance: Maximum relative difference.
    """
    measured, inside = warp(source_depth.to(positions.dtype), positions, mode='nearest')
    return inside & (measured > 0) & ((measured - expected_depth).abs() <= tolerance * expected_depth)


def overlap(visible: Tensor, depth: Tensor) -> Tensor:
    """Return the fraction (N,) of target pixels of known depth (N, 1, H, W) that are visible in the source view."""
    known = (depth > 0).flatten(1).sum(1)
    return (visible & (depth > 0)).flatten(1).sum(1) / known.clamp(min=1)


def inside_image(positions: Tensor, height: int, width: int) -> Tensor:
    """Return where positions lie in the image [0, width] x [0, height], bool (N, 1, H, W)."""
    x, y = positions[:, :1], positions[:, 1:]
    return (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
