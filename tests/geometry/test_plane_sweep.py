"""The plane sweep against plane homographies and a per-point loop; its planes; points behind the camera; warnings."""

import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmtl.geometry import DEPTH_RANGES, inverse_depth_planes, pixel_centres, sweep_positions, warn_outside_planes

H, W, D = 5, 7, 6
F64 = torch.float64
angle, shift = st.floats(-0.4, 0.4), st.floats(-0.6, 0.6)


def camera(focal, cx, cy):
    return torch.tensor([[focal, 0.0, cx], [0.0, 1.1 * focal, cy], [0.0, 0.0, 1.0]], dtype=F64)


def pose(rotation, translation):
    x, y, z = rotation
    result = torch.eye(4, dtype=F64)
    result[:3, :3] = torch.linalg.matrix_exp(torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=F64))
    result[:3, 3] = torch.tensor(translation, dtype=F64)
    return result


cameras = st.builds(camera, st.floats(5, 12), st.floats(2, 5), st.floats(1, 4))
poses = st.builds(pose, st.tuples(angle, angle, angle), st.tuples(shift, shift, shift))


def test_planes_go_from_far_to_near_in_equal_steps_of_inverse_depth():
    planes = inverse_depth_planes(0.5, 10, 128)
    assert planes[0].item() == pytest.approx(0.1) and planes[-1].item() == pytest.approx(2)
    torch.testing.assert_close(planes.diff(), torch.full((127,), 1.9 / 127), atol=1e-6, rtol=0)


@pytest.mark.parametrize(('preset', 'count'), [('indoor', 89), ('paper', 17)])
def test_planes_of_the_presets_between_70_cm_and_10_m(preset, count):
    depths = 1 / inverse_depth_planes(*DEPTH_RANGES[preset], 128, dtype=F64)
    assert ((depths >= 0.7) & (depths <= 10 + 1e-9)).sum() == count


@pytest.mark.parametrize('arguments', [(0, 10, 8), (2, 1, 8), (1, 10, 1)])
def test_impossible_planes(arguments):
    with pytest.raises(ValueError, match='expected 0 < near < far'):
        inverse_depth_planes(*arguments)


@settings(max_examples=40, deadline=None)
@given(cameras, cameras, poses)
def test_agrees_with_plane_homographies_and_with_a_loop(reference, source, source_T_reference):
    inverse_depths = inverse_depth_planes(0.8, 10, D, dtype=F64)
    positions = sweep_positions(reference[None], source[None], source_T_reference[None], inverse_depths, (H, W))
    assert positions.shape == (1, 2, D, H * W)
    rotation, translation = source_T_reference[:3, :3], source_T_reference[:3, 3]
    pixels = torch.cat((pixel_centres(H, W, dtype=F64), torch.ones(1, H, W, dtype=F64))).flatten(1)
    for k, q in enumerate(inverse_depths):
        normal = torch.tensor([[0.0, 0.0, 1.0]], dtype=F64)
        homography = source @ (rotation + q * translation[:, None] @ normal) @ torch.linalg.inv(reference)
        by_homography = homography @ pixels
        for p in range(H * W):
            point = rotation @ (torch.linalg.inv(reference) @ pixels[:, p] / q) + translation
            if point[2] <= 1e-6:
                assert (positions[0, :, k, p] == -1e6).all()
                continue
            by_point = (source @ point)[:2] / point[2]
            torch.testing.assert_close(positions[0, :, k, p], by_point.clamp(-1e6, 1e6), atol=1e-6, rtol=1e-6)
            expected = by_homography[:2, p] / by_homography[2, p]
            torch.testing.assert_close(positions[0, :, k, p], expected.clamp(-1e6, 1e6), atol=1e-6, rtol=1e-6)


def test_behind_the_camera_is_outside_and_very_near_planes_are_not():
    k = camera(8, 3.5, 2.5)[None].float()
    backwards = pose((0, 0, 0), (0, 0, -1.0))[None].float()  # the source camera stands 1 m ahead
    positions = sweep_positions(k, k, backwards, torch.tensor([0.5, 1.0, 2.0]), (H, W))
    assert positions[:, :, 0].abs().max() < 100
    assert (positions[:, :, 1:] == -1e6).all()
    # at 0.1 mm the identity must still be the identity; a clamp of the depth at 1 mm would break it
    positions = sweep_positions(k, k, torch.eye(4)[None], torch.tensor([1e4]), (H, W))
    torch.testing.assert_close(positions[0, :, 0], pixel_centres(H, W).flatten(1), atol=1e-4, rtol=0)


def test_no_gradient_reaches_the_geometry_and_half_precision_is_not_used():
    k = camera(8, 3.5, 2.5)[None].float().requires_grad_()
    t = pose((0.1, 0, 0), (0.1, 0, 0))[None].float().requires_grad_()
    planes = inverse_depth_planes(0.5, 10, 4)
    positions = sweep_positions(k, k, t, planes, (H, W))
    assert not positions.requires_grad
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(sweep_positions(k, k, t, planes, (H, W)), positions)


def test_a_range_that_holds_no_depth_is_warned_of_by_name():
    depth = torch.tensor([0.0, 20.0, 30.0])
    with pytest.warns(UserWarning, match='garden/3: depths from 20 m to 30 m'):
        warn_outside_planes(depth, 0.5, 10, name='garden/3')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        warn_outside_planes(depth, 0.5, 25, name='garden/3')
        warn_outside_planes(torch.zeros(3), 0.5, 25, name='garden/3')
