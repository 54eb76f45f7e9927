"""Rectified stereo pairs: disparity, depth, warping between the views, left-right consistency.

Maps of pairs are (P, 2, C, H, W): left, then right. Disparity is x_left - x_right of a point in pixels, the same in
both views. With focal length f, baseline B and ``doffs`` = cx_right - cx_left (Middlebury's), depth Z = f B / (d +
doffs). The **normalized disparity** B / Z = (d + doffs) / f, in focal lengths, 0 where void, is invariant to resize,
crop and flip.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmmtl.geometry.camera import relative_pose
from mmmtl.geometry.projection import pixel_centres
from mmmtl.geometry.warping import warp


@dataclass(frozen=True)
class StereoRig:
    """Cameras of P rectified pairs: ``focal`` and ``doffs`` in pixels, ``baseline`` in metres, each (P, 1, 1, 1, 1)."""

    focal: Tensor
    baseline: Tensor
    doffs: Tensor

    def disparity(self, normalized_disparity: Tensor) -> Tensor:
        """Convert normalized disparity to pixels; the result is meaningless where it is void (0)."""
        return self.focal * normalized_disparity - self.doffs

    def normalized_disparity(self, disparity: Tensor) -> Tensor:
        """Convert pixels to normalized disparity; 0 (void) where depth would be infinite, negative or not finite."""
        normalized_disparity = (disparity + self.doffs) / self.focal
        return torch.where(normalized_disparity.isfinite() & (normalized_disparity > 0), normalized_disparity, 0)


def stereo_rig(intrinsics: Tensor, camera_T_world: Tensor) -> StereoRig:
    """Return the rigs of P pairs from intrinsics (P, 2, 3, 3) and poses (P, 2, 4, 4) of left and right view."""
    right_T_left = relative_pose(camera_T_world[:, 1], camera_T_world[:, 0])
    focal = intrinsics[:, 0, 0, 0]
    baseline = -right_T_left[:, 0, 3]
    doffs = intrinsics[:, 1, 0, 2] - intrinsics[:, 0, 0, 2]
    return StereoRig(*(x.view(-1, 1, 1, 1, 1) for x in (focal, baseline, doffs)))


def check_rectified(
    intrinsics: Tensor, camera_T_world: Tensor, sizes: tuple[tuple[int, int], tuple[int, int]], *, name: str
) -> None:
    """Check that a pair is rectified, and left comes before right. For data loading: on a GPU it synchronizes.

    Args:
        intrinsics: (2, 3, 3) in pixels.
        camera_T_world: (2, 4, 4).
        sizes: (height, width) of both images.
        name: Name of the pair in the message.

    Raises:
        ValueError: The pair is not rectified, or its views are swapped.
    """
    if sizes[0] != sizes[1]:
        raise ValueError(f'{name}: left and right image have different sizes, {sizes[0]} and {sizes[1]}')
    right_T_left = relative_pose(camera_T_world[1].double(), camera_T_world[0].double())
    rotation_error = (right_T_left[:3, :3] - torch.eye(3, dtype=torch.float64)).abs().max()
    x, y, z = right_T_left[:3, 3].tolist()
    if rotation_error > 1e-3 or max(abs(y), abs(z)) > max(0.02 * abs(x), 1e-6):
        raise ValueError(
            f'{name}: not a rectified pair, the right camera is rotated by about {rotation_error:.2g} rad and is '
            f'at ({-x:.3g}, {-y:.3g}, {-z:.3g}) m from the left one; rectify the images first'
        )
    if abs(x) < 1e-4:
        raise ValueError(
            f'{name}: the baseline of the pair is {abs(x):.3f} m, too small for depth; correct the '
            'poses (camera_T_world, in metres)'
        )
    if x > 0:
        raise ValueError(
            f'{name}: left and right view are swapped (the second camera is {x:.3g} m to the left of '
            'the first); swap them'
        )
    left, right = intrinsics.double()
    for what, row, column in (('focal lengths', 0, 0), ('focal lengths', 1, 1), ('rows of the principal points', 1, 2)):
        if abs(left[row, column] - right[row, column]) > 1e-3 * left[0, 0]:
            raise ValueError(
                f'{name}: not a rectified pair, the {what} are {left[row, column]:g} and '
                f'{right[row, column]:g}; rectify the images first'
            )


def left_from_right(right: Tensor, disparity: Tensor, *, mode: str = 'bilinear') -> tuple[Tensor, Tensor]:
    """Warp a map of the right view to the left view: sample it at x - d.

    Args:
        right: (N, C, H, W).
        disparity: (N, 1, H, W) of the left view, pixels.
        mode: 'bilinear', or 'nearest' for class indices.

    Returns:
        Values (N, C, H, W) and whether the position lies inside the image, (N, 1, H, W); values outside are 0.
    """
    return _warp(right, -disparity, mode)


def right_from_left(left: Tensor, disparity: Tensor, *, mode: str = 'bilinear') -> tuple[Tensor, Tensor]:
    """Warp a map of the left view to the right view: sample it at x + d; see `left_from_right`."""
    return _warp(left, disparity, mode)


def warp_to_other_view(values: Tensor, disparity: Tensor, *, mode: str = 'bilinear') -> tuple[Tensor, Tensor]:
    """Warp both views of pairs to each other, see `left_from_right` and `right_from_left`.

    Args:
        values: (P, 2, C, H, W).
        disparity: (P, 2, 1, H, W) pixels; finite, also where void.
        mode: 'bilinear' or 'nearest'.

    Returns:
        (P, 2, C, H, W), right values warped to the left view and left values warped to the right view; and whether the
        position lies inside the image, (P, 2, 1, H, W).
    """
    shift = torch.cat((-disparity[:, :1], disparity[:, 1:]), 1)
    warped, inside = _warp(values.flip(1).flatten(0, 1), shift.flatten(0, 1), mode)
    return warped.unflatten(0, (-1, 2)), inside.unflatten(0, (-1, 2))


def left_right_difference(disparity: Tensor, known: Tensor) -> Tensor:
    """Compute the left-right difference |d(x) - d_other(x -+ d(x))| in pixels; infinite where either is void.

    Args:
        disparity: (P, 2, 1, H, W) pixels.
        known: bool (P, 2, 1, H, W).
    """
    disparity = torch.where(known, disparity, 0)
    other, inside = warp_to_other_view(torch.cat((disparity, known.to(disparity.dtype)), 2), disparity, mode='nearest')
    compared = known & inside & (other[:, :, 1:] > 0.5)
    return torch.where(compared, (disparity - other[:, :, :1]).abs(), torch.inf)


def occluded_in_other_view(disparity: Tensor, known: Tensor, *, margin: float = 1.0) -> Tensor:
    """Compute which points are occluded in, or outside of, the other view, bool (P, 2, 1, H, W).

    Each view uses its own true disparity, so surfaces that are visible only in the other view are not occluders.

    Args:
        disparity: (P, 2, 1, H, W) pixels.
        known: bool (P, 2, 1, H, W); void pixels are not occluded.
        margin: Minimum difference in disparity, in pixels, between a point and its occluder.
    """
    width = disparity.shape[-1]
    disparity = torch.where(known, disparity, 0)
    columns = torch.arange(width, device=disparity.device) + 0.5
    column_in_other = columns + torch.cat((-disparity[:, :1], disparity[:, 1:]), 1)
    # largest disparity of the points that fall on each column of the other view; each counts in both adjacent columns
    nearest = torch.full_like(disparity, -torch.inf)
    for column in ((column_in_other - 0.5).floor().long(), (column_in_other - 0.5).ceil().long()):
        inside = known & (column >= 0) & (column < width)
        nearest.scatter_reduce_(-1, column.clamp(0, width - 1), torch.where(inside, disparity, -torch.inf), 'amax')
    occluder_disparity = nearest.gather(-1, column_in_other.floor().long().clamp(0, width - 1))
    outside = (column_in_other < 0) | (column_in_other >= width)
    return known & (outside | (occluder_disparity > disparity + margin))


def _warp(values: Tensor, shift: Tensor, mode: str) -> tuple[Tensor, Tensor]:
    """Sample values ``shift`` pixels to the right; positions are computed in float32 or float64."""
    shift = shift.to(torch.promote_types(shift.dtype, torch.float32))
    height, width = shift.shape[-2:]
    centres = pixel_centres(height, width, device=shift.device, dtype=shift.dtype)[None]
    positions = torch.cat((centres[:, :1] + shift, centres[:, 1:].expand_as(shift)), 1)
    return warp(values, positions, mode=mode)
