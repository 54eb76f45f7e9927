"""What must hold for any cameras: hypothesis draws them, in float64, and the slow loop is the judge.

The twelve things by which this method's geometry is judged, and where each is tested (in this folder unless named):

 1. identity pose: every plane is |F|^2 / sqrt(C)             here; test_cost_volume
 2. a literal duplicate equals the single-view shortcut       test_cross_view_module, test_multi_view_transformer
 3. a wall matches at its own plane; plane homographies       test_cost_volume; tests/geometry/test_plane_sweep, here
 4. rescaling translations and depths together                here; test_cost_volume
 5. flip, crop and pad with their cameras                     here; test_cost_volume
 6. other intrinsics per view, against a float64 loop         here; test_cost_volume
 7. behind the camera, out of view: exactly 0                 here; test_cost_volume
 8. permuted neighbours and views                             here; test_cost_volume, test_multi_view_transformer
 9. 1,049,120 + 3,150,336 parameters                          test_cross_view_module, and one by one
10. chunked equals unchunked, bfloat16 is close               test_cost_volume, test_cross_view_module
11. four views look at exactly the two nearest                here; test_neighbours
12. published rows of Delta_MTL                               tests/metrics/test_delta_mtl
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmtl.geometry import (
    crop_intrinsics,
    flip_intrinsics,
    flip_pose,
    inverse_depth_planes,
    pad_intrinsics,
    relative_pose,
    scale_translation,
    sweep_positions,
)
from mmmtl.models.necks import CrossViewModule
from mmmtl.models.necks.cross_view import CostVolume
from mmmtl.models.necks.cross_view.cost_volume import sampled_correlation
from mmmtl.models.necks.cross_view.fusion import PARTS

C, H, W, D = 3, 4, 5, 4
NEAR, FAR = 0.6, 8.0
F64 = torch.float64
angle, shift = st.floats(-0.5, 0.5), st.floats(-0.7, 0.7)
AGREE = dict(atol=1e-5, rtol=1e-5)


def intrinsics_of(fx: float, fy: float, cx: float, cy: float) -> torch.Tensor:
    return torch.tensor([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]], dtype=F64)


def pose_of(rotation: tuple[float, ...], translation: tuple[float, ...]) -> torch.Tensor:
    x, y, z = rotation
    pose = torch.eye(4, dtype=F64)
    pose[:3, :3] = torch.linalg.matrix_exp(torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=F64))
    pose[:3, 3] = torch.tensor(translation, dtype=F64)
    return pose


lenses = st.builds(intrinsics_of, st.floats(3, 9), st.floats(3, 9), st.floats(1, 4), st.floats(1, 3))
poses = st.builds(pose_of, st.tuples(angle, angle, angle), st.tuples(shift, shift, shift))


def views(count: int) -> st.SearchStrategy:
    """(K (1, V, 3, 3), poses (1, V, 4, 4), features (1, V, C, H, W)), each view with a camera of its own."""

    def together(pairs: list, seed: int) -> tuple[torch.Tensor, ...]:
        features = torch.randn(1, count, C, H, W, generator=torch.Generator().manual_seed(seed), dtype=F64)
        return torch.stack([k for k, _ in pairs])[None], torch.stack([pose for _, pose in pairs])[None], features

    return st.builds(together, st.lists(st.tuples(lenses, poses), min_size=count, max_size=count), st.integers(0, 99))


def volume(near: float = NEAR, far: float = FAR) -> CostVolume:
    return CostVolume(planes=D, depth_range=(near, far), chunk_bytes=200)


def few(count: int):
    return settings(max_examples=count, deadline=None)


@few(15)
@given(views(3))
def test_the_loop_agrees(loop_cost, drawn):
    k, camera_T_world, features = drawn
    depths = 1 / inverse_depth_planes(NEAR, FAR, D).double()
    torch.testing.assert_close(
        volume()(features, k, camera_T_world)[0], loop_cost(features[0], k[0], camera_T_world[0], depths), **AGREE
    )


@few(40)
@given(lenses, poses)
def test_identity(k, pose):
    features = torch.randn(1, 1, C, H, W, dtype=F64).expand(-1, 2, -1, -1, -1)
    cost = volume()(features, k.expand(1, 2, 3, 3), pose.expand(1, 2, 4, 4))
    torch.testing.assert_close(cost, (features.square().sum(2, keepdim=True) / C**0.5).expand_as(cost), **AGREE)


@few(40)
@given(views(2), st.floats(0.2, 5))
def test_the_size_of_the_world(drawn, scale):
    k, camera_T_world, features = drawn
    larger = volume(NEAR * scale, FAR * scale)(features, k, scale_translation(camera_T_world, scale))
    torch.testing.assert_close(larger, volume()(features, k, camera_T_world), atol=1e-4, rtol=1e-4)


@few(40)
@given(views(2))
def test_the_mirror(drawn):
    k, camera_T_world, features = drawn
    mirrored = volume()(features.flip(-1), flip_intrinsics(k, W), flip_pose(camera_T_world))
    torch.testing.assert_close(mirrored, volume()(features, k, camera_T_world).flip(-1), **AGREE)


@few(40)
@given(views(2), st.integers(0, 2), st.integers(0, 2), st.integers(0, 3), st.integers(0, 3))
def test_crop_of_the_reference_and_pad_of_the_source(drawn, left, top, before, above):
    k, camera_T_world, features = drawn
    planes = inverse_depth_planes(NEAR, FAR, D)
    pose = relative_pose(camera_T_world[:, 1], camera_T_world[:, 0])
    reference, source = features[:, 0], features[:, 1]
    whole = sampled_correlation(reference, source, sweep_positions(k[:, 0], k[:, 1], pose, planes, (H, W)))
    positions = sweep_positions(
        crop_intrinsics(k[:, 0], left, top), pad_intrinsics(k[:, 1], before, above), pose, planes, (H - top, W - left)
    )
    moved = sampled_correlation(
        reference[..., top:, left:], torch.nn.functional.pad(source, (before, 1, above, 2)), positions
    )
    torch.testing.assert_close(moved, whole[..., top:, left:], **AGREE)


@few(40)
@given(views(2))
def test_what_cannot_be_seen_is_zero(drawn):
    k, camera_T_world, features = drawn
    camera_T_world[0, 1] = torch.diag(torch.tensor([-1.0, 1, -1, 1], dtype=F64)) @ camera_T_world[0, 0]  # looks back
    features.requires_grad_()
    cost = volume()(features, k, camera_T_world)
    (gradient,) = torch.autograd.grad(cost.sum(), features)
    assert (cost == 0).all() and (gradient == 0).all()


@few(25)
@given(views(3), st.permutations(range(3)))
def test_the_order_of_views(drawn, order):
    k, camera_T_world, features = drawn
    permuted = volume()(features[:, order], k[:, order], camera_T_world[:, order])
    torch.testing.assert_close(permuted, volume()(features, k, camera_T_world)[:, order], **AGREE)


@pytest.fixture(scope='module')
def neck() -> CrossViewModule:
    torch.manual_seed(0)
    return CrossViewModule((4,), (8,), cost_volume=dict(planes=4, depth_range=(NEAR, FAR))).eval()


def at(*indices: float) -> torch.Tensor:
    """Cameras on a line, (V, 4, 4)."""
    camera_T_world = torch.eye(4).repeat(len(indices), 1, 1)
    camera_T_world[:, 0, 3] = -torch.tensor(indices)
    return camera_T_world


@torch.no_grad()
def test_the_whole_neck_follows_the_order_of_views(neck):
    images, order = torch.randn(3, 3, 32, 48), [2, 0, 1]
    given = dict(views=(3,), intrinsics=torch.tensor([[40.0, 0, 24], [0, 40, 16], [0, 0, 1]]).expand(3, 3, 3))
    matched = neck.match((), images, camera_T_world=at(0, 0.2, 0.5), **given)
    permuted = neck.match((), images[order], camera_T_world=at(0, 0.2, 0.5)[order], **given)
    for part in PARTS:
        torch.testing.assert_close(permuted[part], matched[part][order], atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_four_views_look_at_the_two_nearest_and_at_no_other(neck):
    images, indices = torch.randn(4, 3, 32, 48), at(0.0, 0.1, 0.3, 5.0)  # none has the fourth among its two nearest
    given = dict(
        views=(4,),
        intrinsics=torch.tensor([[40.0, 0, 24], [0, 40, 16], [0, 0, 1]]).expand(4, 3, 3),
        camera_T_world=indices,
    )
    before = neck.match((), images, **given)
    after = neck.match((), torch.cat((images[:3], torch.randn(1, 3, 32, 48))), **given)
    for part in PARTS:
        torch.testing.assert_close(after[part][:3], before[part][:3], atol=1e-5, rtol=1e-5)
        assert not torch.allclose(after[part][3], before[part][3], atol=1e-2)
    nearer = neck.match((), torch.cat((images[:1], torch.randn(1, 3, 32, 48), images[2:])), **given)
    assert all(not torch.allclose(nearer[part][0], before[part][0], atol=1e-3) for part in PARTS)
