"""Intrinsics and poses: resize, crop, pad and flip them with the image; invert, combine and check them.

Every function takes any leading axes: intrinsics (..., 3, 3) in pixels, poses (..., 4, 4) in metres. None modifies its
argument. Products of poses are computed in float64, which neither autocast nor TF32 affects, and returned in their
dtype.
"""

import numpy as np
import torch
from torch import Tensor


def resize_intrinsics(intrinsics: Tensor, scale_x: float, scale_y: float) -> Tensor:
    """Return the intrinsics after a resize; scales are new size / old size. There is no half-pixel term."""
    scale = intrinsics.new_ones(3, 1)
    scale[0], scale[1] = scale_x, scale_y
    return intrinsics * scale


def crop_intrinsics(intrinsics: Tensor, left: float, top: float) -> Tensor:
    """Return the intrinsics after ``left`` columns and ``top`` rows were removed; negative numbers add them."""
    shift = intrinsics.new_zeros(3, 3)
    shift[0, 2], shift[1, 2] = left, top
    return intrinsics - shift


def pad_intrinsics(intrinsics: Tensor, left: float, top: float) -> Tensor:
    """Return the intrinsics after ``left`` columns and ``top`` rows were added; padding elsewhere changes nothing."""
    return crop_intrinsics(intrinsics, -left, -top)


def flip_intrinsics(intrinsics: Tensor, width: float) -> Tensor:
    """Return the intrinsics of the horizontally flipped image: cx becomes width - cx, skew changes its sign."""
    flipped = intrinsics.clone()
    flipped[..., 0, 1] = -intrinsics[..., 0, 1]
    flipped[..., 0, 2] = width - intrinsics[..., 0, 2]
    return flipped


def flip_pose(pose: Tensor) -> Tensor:
    """Return the pose between two flipped frames, S T S with S = diag(-1, 1, 1, 1).

    For ``camera_T_world`` this flips the world as well, so relative poses stay consistent if all views of a scene are
    flipped together.
    """
    sign = pose.new_ones(4)
    sign[0] = -1
    return sign[:, None] * pose * sign


def scale_translation(pose: Tensor, scale: float) -> Tensor:
    """Return the pose in a world enlarged by ``scale``; depths must be multiplied by the same number."""
    scaled = pose.clone()
    scaled[..., :3, 3] = pose[..., :3, 3] * scale
    return scaled


def invert_intrinsics(intrinsics: Tensor) -> Tensor:
    """Invert intrinsics with last row (0, 0, 1) in closed form, without a solver that would synchronize the device."""
    fx, skew, cx = intrinsics[..., 0, :].unbind(-1)
    fy, cy = intrinsics[..., 1, 1], intrinsics[..., 1, 2]
    zero, one = torch.zeros_like(fx), torch.ones_like(fx)
    rows = (1 / fx, -skew / (fx * fy), (skew * cy / fy - cx) / fx, zero, 1 / fy, -cy / fy, zero, zero, one)
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))


def invert_pose(pose: Tensor) -> Tensor:
    """Invert a pose, target_T_source to source_T_target, by R^T and -R^T t."""
    rotation_t = pose[..., :3, :3].double().mT
    inverse = pose.double().clone()
    inverse[..., :3, :3] = rotation_t
    inverse[..., :3, 3:] = -rotation_t @ pose[..., :3, 3:].double()
    return inverse.to(pose.dtype)


def relative_pose(target_T_world: Tensor, source_T_world: Tensor) -> Tensor:
    """Return target_T_source, which maps points of the source camera to the target camera."""
    return (target_T_world.double() @ invert_pose(source_T_world.double())).to(target_T_world.dtype)


def camera_centres(camera_T_world: Tensor) -> Tensor:
    """Return the positions of cameras in the world, (..., 3) in metres."""
    return invert_pose(camera_T_world)[..., :3, 3]


def check_camera(intrinsics: Tensor, camera_T_world: Tensor, size: tuple[int, int], *, name: str) -> None:
    """Check the camera of a view. For data loading: on a GPU it synchronizes.

    Args:
        intrinsics: (3, 3) in pixels.
        camera_T_world: (4, 4).
        size: (height, width) of the image.
        name: Name of the view in the message.

    Raises:
        ValueError: Intrinsics or pose are not finite, malformed or implausible.
    """
    if tuple(intrinsics.shape) != (3, 3) or tuple(camera_T_world.shape) != (4, 4):
        raise ValueError(
            f'{name}: expected intrinsics (3, 3) and a pose (4, 4), found {tuple(intrinsics.shape)} and '
            f'{tuple(camera_T_world.shape)}'
        )
    matrix, pose = (values.detach().double().cpu().numpy() for values in (intrinsics, camera_T_world))
    if not (np.isfinite(matrix).all() and np.isfinite(pose).all()):
        raise ValueError(f'{name}: the camera has values that are not finite')
    height, width = size
    (fx, _, cx), (zero, fy, cy), last_row = matrix.tolist()
    if zero != 0 or last_row != [0, 0, 1]:
        raise ValueError(f'{name}: intrinsics must be [[fx, s, cx], [0, fy, cy], [0, 0, 1]], found {matrix.tolist()}')
    if not (fx > 0 and fy > 0):
        raise ValueError(f'{name}: focal lengths must be positive, found {fx:g} and {fy:g}')
    if width > 8 and fx < 4 and cx < 4:
        raise ValueError(
            f'{name}: focal length {fx:g} for an image of width {width}: intrinsics are in pixels, not in image widths'
        )
    if not (-width < cx < 2 * width and -height < cy < 2 * height):
        raise ValueError(
            f'{name}: principal point ({cx:g}, {cy:g}) is far outside an image of {width} x {height} pixels'
        )
    rotation = pose[:3, :3]
    error = np.abs(rotation @ rotation.T - np.eye(3)).max()
    if error > 1e-3 or np.linalg.det(rotation) < 0:
        raise ValueError(
            f'{name}: the pose is not a rotation (|R R^T - 1| = {error:.2g}, det = {np.linalg.det(rotation):.3f})'
        )
    if pose[3].tolist() != [0, 0, 0, 1]:
        raise ValueError(f'{name}: the last row of a pose is (0, 0, 0, 1), found {pose[3].tolist()}')


def check_baseline(camera_T_world: Tensor, *, name: str, minimum: float = 1e-3) -> None:
    """Raise ValueError if two cameras (V, 4, 4) of a scene are closer than ``minimum`` metres.

    Such a pair has no parallax: its cost volume is the same at every plane.
    """
    distances = torch.pdist(camera_centres(camera_T_world).double())
    if len(distances) and distances.min() < minimum:
        raise ValueError(
            f'{name}: the distance between two views is {distances.min():.2g} m, less than {minimum:g} m: no parallax'
        )
