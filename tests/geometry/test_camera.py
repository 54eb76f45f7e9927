"""Cameras follow their image: the same point lands on the same image content."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmtl.geometry import (
    camera_centres,
    check_baseline,
    check_camera,
    crop_intrinsics,
    flip_intrinsics,
    flip_pose,
    invert_intrinsics,
    invert_pose,
    pad_intrinsics,
    relative_pose,
    resize_intrinsics,
    scale_translation,
)

K = torch.tensor([[50.0, 0.7, 31.0], [0.0, 55.0, 23.0], [0.0, 0.0, 1.0]], dtype=torch.float64)


def pose_from(rotation_vector, translation):
    """A (4, 4) float64 pose from an axis-angle vector and a translation."""
    x, y, z = rotation_vector
    skew = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
    pose = torch.eye(4, dtype=torch.float64)
    pose[:3, :3] = torch.linalg.matrix_exp(skew)
    pose[:3, 3] = torch.as_tensor(translation, dtype=torch.float64)
    return pose


small = st.floats(-0.5, 0.5)
poses = st.builds(pose_from, st.tuples(small, small, small), st.tuples(small, small, small))
points = st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.5, 5)).map(
    lambda p: torch.tensor(p, dtype=torch.float64)
)


def pixel(intrinsics, point):
    homogeneous = intrinsics @ point
    return homogeneous[:2] / homogeneous[2]


@settings(max_examples=30, deadline=None)
@given(points, st.floats(0.3, 3), st.floats(0.3, 3), st.floats(-9, 9), st.floats(-9, 9))
def test_resize_crop_pad_move_the_pixel_with_the_image(point, sx, sy, left, top):
    x, y = pixel(K, point)
    torch.testing.assert_close(pixel(resize_intrinsics(K, sx, sy), point), torch.stack((x * sx, y * sy)))
    torch.testing.assert_close(pixel(crop_intrinsics(K, left, top), point), torch.stack((x - left, y - top)))
    torch.testing.assert_close(pixel(pad_intrinsics(K, left, top), point), torch.stack((x + left, y + top)))


@settings(max_examples=30, deadline=None)
@given(points, poses)
def test_flip_mirrors_both_views_of_a_mirrored_world(point, source_T_target):
    width = 64
    mirrored = point * torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)
    x, y = pixel(K, point)
    torch.testing.assert_close(pixel(flip_intrinsics(K, width), mirrored), torch.stack((width - x, y)))
    seen = source_T_target[:3, :3] @ point + source_T_target[:3, 3]
    flipped = flip_pose(source_T_target)
    seen_mirrored = flipped[:3, :3] @ mirrored + flipped[:3, 3]
    torch.testing.assert_close(seen_mirrored, seen * torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64))


def test_flipping_twice_is_nothing():
    pose = pose_from((0.1, 0.2, 0.3), (1, 2, 3))
    assert torch.equal(flip_pose(flip_pose(pose)), pose)
    assert torch.equal(flip_intrinsics(flip_intrinsics(K, 64), 64), K)


@settings(max_examples=30, deadline=None)
@given(poses, poses)
def test_relative_pose_and_centres(a_T_world, b_T_world):
    a_T_b = relative_pose(a_T_world, b_T_world)
    torch.testing.assert_close(a_T_b, a_T_world @ torch.linalg.inv(b_T_world))
    torch.testing.assert_close(a_T_b @ relative_pose(b_T_world, a_T_world), torch.eye(4, dtype=torch.float64))
    centre = torch.cat((camera_centres(b_T_world), torch.ones(1, dtype=torch.float64)))
    torch.testing.assert_close((b_T_world @ centre)[:3], torch.zeros(3, dtype=torch.float64))


def test_inverses_take_leading_axes_and_do_not_change_their_argument():
    stacked = torch.stack((K, K * torch.tensor([[2.0], [3.0], [1.0]], dtype=torch.float64)))[None]
    before = stacked.clone()
    torch.testing.assert_close(invert_intrinsics(stacked), torch.linalg.inv(stacked))
    for change in (
        lambda k: resize_intrinsics(k, 2, 3),
        lambda k: crop_intrinsics(k, 2, 3),
        lambda k: flip_intrinsics(k, 9),
    ):
        assert change(stacked).shape == stacked.shape
    assert torch.equal(stacked, before)
    pose = pose_from((0.1, 0.2, 0.3), (1, 2, 3)).expand(2, 3, 4, 4)
    torch.testing.assert_close(invert_pose(pose), torch.linalg.inv(pose))


def test_pose_products_stay_float32_under_autocast():
    a, b = (pose_from(r, (3, 2, 1)).float() for r in ((0.1, 0.2, 0.3), (0.3, 0.1, 0.2)))
    plain = relative_pose(a, b)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(relative_pose(a, b), plain)
    assert plain.dtype == torch.float32


def test_scaling_the_world_keeps_the_projection():
    point, pose = torch.tensor([0.3, -0.2, 2.0], dtype=torch.float64), pose_from((0.1, 0.2, 0.0), (0.2, 0.1, -0.3))
    scaled = scale_translation(pose, 0.5)
    before = pose[:3, :3] @ point + pose[:3, 3]
    after = scaled[:3, :3] @ (0.5 * point) + scaled[:3, 3]
    torch.testing.assert_close(pixel(K, after), pixel(K, before))


def changed(tensor, index, value):
    tensor = tensor.clone()
    tensor[index] = value
    return tensor


@pytest.mark.parametrize(
    ('intrinsics', 'pose', 'message'),
    [
        (K[:2], torch.eye(4), 'expected intrinsics'),
        (changed(K, (0, 0), float('nan')), torch.eye(4), 'not finite'),
        (changed(K, (2, 0), 1.0), torch.eye(4), 'intrinsics must be'),
        (changed(K, (0, 0), -50.0), torch.eye(4), 'must be positive'),
        (K / torch.tensor([[64.0], [48.0], [1.0]], dtype=torch.float64), torch.eye(4), 'in pixels'),
        (changed(K, (0, 2), 900.0), torch.eye(4), 'far outside'),
        (K, changed(torch.eye(4), (0, 0), 1.1), 'not a rotation'),
        (K, torch.diag(torch.tensor([-1.0, 1.0, 1.0, 1.0])), 'not a rotation'),
        (K, changed(torch.eye(4), (3, 0), 1.0), 'last row'),
    ],
)
def test_a_wrong_camera_is_named(intrinsics, pose, message):
    check_camera(K, torch.eye(4), (48, 64), name='kitchen/7')
    with pytest.raises(ValueError, match=f'kitchen/7: .*{message}'):
        check_camera(intrinsics, pose, (48, 64), name='kitchen/7')


def test_a_pair_without_baseline_is_named():
    poses_of_scene = torch.stack((pose_from((0, 0.2, 0), (0.1, 0, 0)), torch.eye(4, dtype=torch.float64)))
    check_baseline(poses_of_scene, name='kitchen')
    check_baseline(poses_of_scene[:1], name='kitchen')
    with pytest.raises(ValueError, match='kitchen: the distance between two views is'):
        check_baseline(torch.eye(4).expand(2, 4, 4), name='kitchen')
