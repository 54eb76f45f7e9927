"""Rectified stereo pairs: disparity and depth, G(a; b) that shows one view by the other, the left-right check.

Maps of pairs are (P, 2, C, H, W): left, then right. Disparity is x_left - x_right of one point in pixels, alike in both
views. With focal length f, baseline B and ``doffs`` = cx_right - cx_left (Middlebury's), depth Z = f B / (d + doffs).
What no resize, crop or flip changes is **parallax**, B / Z = (d + doffs) / f, in focal lengths, 0 where unknown.
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
        """Pixels from focal lengths; where parallax is unknown (0) the result means nothing."""
        return self.focal * normalized_disparity - self.doffs

    def normalized_disparity(self, disparity: Tensor) -> Tensor:
        """Focal lengths from pixels, 0 where the point would lie at infinity, beyond, or nowhere (not finite)."""
        normalized_disparity = (disparity + self.doffs) / self.focal
        return torch.where(normalized_disparity.isfinite() & (normalized_disparity > 0), normalized_disparity, 0)


def stereo_rig(intrinsics: Tensor, camera_T_world: Tensor) -> StereoRig:
    """The rig of pairs, from intrinsics (P, 2, 3, 3) and poses (P, 2, 4, 4) of left and right."""
    right_T_left = relative_pose(camera_T_world[:, 1], camera_T_world[:, 0])
    numbers = intrinsics[:, 0, 0, 0], -right_T_left[:, 0, 3], intrinsics[:, 1, 0, 2] - intrinsics[:, 0, 0, 2]
    return StereoRig(*(number.view(-1, 1, 1, 1, 1) for number in numbers))


def check_rectified(
    intrinsics: Tensor, camera_T_world: Tensor, sizes: tuple[tuple[int, int], tuple[int, int]], *, name: str
) -> None:
    """Raise a ValueError that names the pair unless it is rectified, left before right. For loading, not for training.

    Args:
        intrinsics: (2, 3, 3) in pixels.
        camera_T_world: (2, 4, 4).
        sizes: (height, width) of both images.
        name: What to call the pair in the message.
    """
    if sizes[0] != sizes[1]:
        raise ValueError(f'{name}: left and right image have different sizes, {sizes[0]} and {sizes[1]}')
    right_T_left = relative_pose(camera_T_world[1].double(), camera_T_world[0].double())
    turned = (right_T_left[:3, :3] - torch.eye(3, dtype=torch.float64)).abs().max()
    x, y, z = right_T_left[:3, 3].tolist()
    if turned > 1e-3 or max(abs(y), abs(z)) > max(0.02 * abs(x), 1e-6):
        raise ValueError(
            f'{name}: not a rectified pair, the right camera is turned by {turned:.2g} rad and stands at '
            f'({-x:.3g}, {-y:.3g}, {-z:.3g}) m from the left one; rectify the images first'
        )
    if abs(x) < 1e-4:
        raise ValueError(
            f'{name}: the baseline of the pair is {abs(x):.3f} m, which tells no depth; correct the cameras'
        )
    if x > 0:
        raise ValueError(
            f'{name}: left and right view are swapped (the second camera stands {x:.3g} m left of the '
            'first); give the left one first'
        )
    left, right = intrinsics.double()
    for what, row, column in (('focal lengths', 0, 0), ('focal lengths', 1, 1), ('principal rows', 1, 2)):
        if abs(left[row, column] - right[row, column]) > 1e-3 * left[0, 0]:
            raise ValueError(
                f'{name}: not a rectified pair, the {what} are {left[row, column]:g} and '
                f'{right[row, column]:g}; rectify the images first'
            )


def left_from_right(right: Tensor, disparity: Tensor, *, mode: str = 'bilinear') -> tuple[Tensor, Tensor]:
    """G(right; disparity of the left view): the right map as the left view finds it, at x - d.

    Args:
        right: (N, C, H, W).
        disparity: (N, 1, H, W) of the left view, pixels.
        mode: 'bilinear', or 'nearest' for class indices.

    Returns:
        Values (N, C, H, W) and whether the position lies inside the image, (N, 1, H, W); values outside are 0.
    """
    return _warp(right, -disparity, mode)


def right_from_left(left: Tensor, disparity: Tensor, *, mode: str = 'bilinear') -> tuple[Tensor, Tensor]:
    """G(left; disparity of the right view), at x + d; see `left_from_right`."""
    return _warp(left, disparity, mode)


def each_from_the_other(values: Tensor, disparity: Tensor, *, mode: str = 'bilinear') -> tuple[Tensor, Tensor]:
    """Both of them at once.

    Args:
        values: (P, 2, C, H, W).
        disparity: (P, 2, 1, H, W) pixels; finite also where it means nothing.
        mode: 'bilinear' or 'nearest'.

    Returns:
        (P, 2, C, H, W): the left view out of the right one's values, and the right out of the left; and whether the
        position lies inside the image, (P, 2, 1, H, W).
    """
    shift = torch.cat((-disparity[:, :1], disparity[:, 1:]), 1)
    warped, inside = _warp(values.flip(1).flatten(0, 1), shift.flatten(0, 1), mode)
    return warped.unflatten(0, (-1, 2)), inside.unflatten(0, (-1, 2))


def left_right_difference(disparity: Tensor, known: Tensor) -> Tensor:
    """|d - d of the other view where d points to|, pixels, (P, 2, 1, H, W); infinite where one of them is unknown.

    Args:
        disparity: (P, 2, 1, H, W) pixels.
        known: bool (P, 2, 1, H, W).
    """
    disparity = torch.where(known, disparity, 0)
    other, inside = each_from_the_other(torch.cat((disparity, known.to(disparity.dtype)), 2), disparity, mode='nearest')
    compared = known & inside & (other[:, :, 1:] > 0.5)
    return torch.where(compared, (disparity - other[:, :, :1]).abs(), torch.inf)


def hidden_from_the_other(disparity: Tensor, known: Tensor, *, margin: float = 1.0) -> Tensor:
    """Where the other view does not show a point: something nearer covers it, or it lies outside; (P, 2, 1, H, W) bool.

    Each view is judged by its own true disparity, so surfaces that only the other one sees hide nothing.

    Args:
        disparity: (P, 2, 1, H, W) pixels.
        known: bool (P, 2, 1, H, W); what is unknown is not called hidden.
        margin: Pixels by which the disparity of what covers a point is larger.
    """
    width = disparity.shape[-1]
    disparity = torch.where(known, disparity, 0)
    columns = torch.arange(width, device=disparity.device) + 0.5
    there = columns + torch.cat((-disparity[:, :1], disparity[:, 1:]), 1)
    nearest = torch.full_like(disparity, -torch.inf)
    for touched in ((there - 0.5).floor().long(), (there - 0.5).ceil().long()):  # the columns that it lies between
        inside = known & (touched >= 0) & (touched < width)
        nearest.scatter_reduce_(-1, touched.clamp(0, width - 1), torch.where(inside, disparity, -torch.inf), 'amax')
    cover = nearest.gather(-1, there.floor().long().clamp(0, width - 1))
    return known & ((there < 0) | (there >= width) | (cover > disparity + margin))


def _warp(values: Tensor, shift: Tensor, mode: str) -> tuple[Tensor, Tensor]:
    """Values found ``shift`` pixels to the right; positions are computed in float32 at least."""
    shift = shift.to(torch.promote_types(shift.dtype, torch.float32))
    height, width = shift.shape[-2:]
    centres = pixel_centres(height, width, device=shift.device, dtype=shift.dtype)[None]
    positions = torch.cat((centres[:, :1] + shift, centres[:, 1:].expand_as(shift)), 1)
    return warp(values, positions, mode=mode)
