"""The cost volume against published numbers, the naive warp, a float64 loop, and what geometry demands."""

import math

import pytest
import torch
from torch.nn.functional import grid_sample

from mmmtl.errors import ConfigError
from mmmtl.geometry import (
    crop_intrinsics,
    flip_intrinsics,
    flip_pose,
    inverse_depth_planes,
    invert_pose,
    pad_intrinsics,
    relative_pose,
    sampling_grid,
    scale_translation,
    sweep_positions,
    view_rays,
)
from mmmtl.models.necks.cross_view import CostVolume
from mmmtl.models.necks.cross_view.cost_volume import sampled_correlation
from mmmtl.models.necks.cross_view.neighbours import nearest_views, take_neighbours

B, C, H, W, D = 2, 6, 7, 9, 8


def naive_cost(volume, features, intrinsics, camera_T_world, neighbours=None):
    """Warp every neighbour's features to every plane, then multiply: the (B, V, C, D, h, w) tensor that we avoid."""
    batch, views, channels, height, width = features.shape
    planes = inverse_depth_planes(volume.near, volume.far, volume.planes, dtype=intrinsics.dtype)
    source_poses, source_intrinsics = (
        take_neighbours(camera_T_world, neighbours),
        take_neighbours(intrinsics, neighbours),
    )
    count = source_poses.shape[2]
    positions = sweep_positions(
        intrinsics[:, :, None].expand(-1, -1, count, -1, -1).flatten(0, 2),
        source_intrinsics.flatten(0, 2),
        relative_pose(source_poses, camera_T_world[:, :, None]).flatten(0, 2),
        planes,
        (height, width),
    )
    sources = take_neighbours(features, neighbours).flatten(0, 2)
    warped = grid_sample(sources, sampling_grid(positions, height, width).to(sources.dtype), align_corners=False)
    warped = warped.view(batch, views, count, channels, volume.planes, height, width)
    return (features[:, :, None, :, None] * warped).sum(3).mean(2) / math.sqrt(channels)


@pytest.fixture
def volume():
    return CostVolume(planes=D, depth_range=(0.5, 10), chunk_bytes=1000)  # so small that there are many parts


@pytest.fixture
def features():
    return torch.randn(B, 3, C, H, W, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize('views', [2, 3])
def test_published_numbers(golden, views):
    """The published grid has integer pixel centres: its principal point c is our c + 0.5."""
    depths = golden[f'cv_depths_v{views}']
    features = golden[f'cv_features_v{views}']
    published = golden[f'cv_intrinsics_v{views}']
    ours = published + torch.tensor([[0.0, 0.0, 0.5], [0.0, 0.0, 0.5], [0.0, 0.0, 0.0]])
    camera_T_world = invert_pose(golden[f'cv_cam2world_v{views}'])[None]
    volume = CostVolume(planes=len(depths), depth_range=(depths.min().item(), depths.max().item()))
    planes = inverse_depth_planes(volume.near, volume.far, volume.planes)
    torch.testing.assert_close(1 / planes, depths)  # the farthest first
    cost = volume(features, ours.expand(1, views, 3, 3), camera_T_world)
    reference = golden[f'cv_cost_v{views}']
    assert (cost - reference).abs().max() < 1e-4 * reference.std()
    shifted = volume(features, published.expand(1, views, 3, 3), camera_T_world)
    assert (shifted - reference).abs().max() > 0.01 * reference.std()  # the half pixel is seen


@pytest.mark.parametrize('views', [2, 3])
@pytest.mark.parametrize('seed', range(3))
def test_agrees_with_a_loop_for_cameras_of_different_intrinsics(volume, features, scenes, loop_cost, views, seed):
    features = features[:, :views]
    intrinsics, poses = scenes(B, views, size=(H, W), seed=seed)
    poses[0, 0, 2, 3] -= 1.2  # near planes fall behind the other cameras
    depths = 1 / inverse_depth_planes(volume.near, volume.far, D, dtype=torch.float64)
    cost = volume(features, intrinsics, poses)
    for scene in range(B):
        expected = loop_cost(features[scene], intrinsics[scene], poses[scene], depths)
        torch.testing.assert_close(cost[scene].double(), expected, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize('views', [2, 3, 4])
@pytest.mark.parametrize('chunk_bytes', [4, 1000, 2**25])
def test_chunked_equals_the_naive_warp_forward_and_backward(scenes, views, chunk_bytes):
    volume = CostVolume(planes=D, depth_range=(0.5, 10), chunk_bytes=chunk_bytes)
    features = torch.randn(B, views, C, H, W, requires_grad=True)
    intrinsics, poses = scenes(B, views, size=(H, W))
    neighbours = nearest_views(poses)
    ours = volume(features, intrinsics, poses, neighbours)
    naive = naive_cost(volume, features, intrinsics, poses, neighbours)
    torch.testing.assert_close(ours, naive, atol=1e-5, rtol=1e-5)
    weight = torch.randn_like(naive)
    (gradient,) = torch.autograd.grad(ours, features, weight)
    (expected,) = torch.autograd.grad(naive, features, weight)
    torch.testing.assert_close(gradient, expected, atol=1e-5, rtol=1e-4)


def test_gradients_in_float64():
    reference = torch.randn(2, 3, 2, 3, dtype=torch.float64, requires_grad=True)
    source = torch.randn(2, 3, 4, 3, dtype=torch.float64, requires_grad=True)
    positions = torch.rand(2, 2, 5, 6, dtype=torch.float64) * 5 - 0.5
    assert torch.autograd.gradcheck(lambda a, b: sampled_correlation(a, b, positions, 64), (reference, source))


def test_gradients_of_several_tasks_at_once(volume, features, scenes):
    features = features.requires_grad_()
    cost = volume(features, *scenes(B, 3, size=(H, W)))
    weights = torch.randn(2, *cost.shape)
    (together,) = torch.autograd.grad(cost, features, weights, is_grads_batched=True, retain_graph=True)
    for weight, gradient in zip(weights, together, strict=True):
        torch.testing.assert_close(gradient, torch.autograd.grad(cost, features, weight, retain_graph=True)[0])


def test_the_identity_gives_the_squared_norm_at_every_plane_of_every_preset(features, scenes):
    features, (intrinsics, _) = features[:, :1], scenes(B, 1, size=(H, W))
    features, intrinsics = features.expand(-1, 2, -1, -1, -1), intrinsics.expand(-1, 2, -1, -1)
    expected = features.square().sum(2, keepdim=True) / math.sqrt(C)
    for depth_range in ('paper', 'indoor', (1e-4, 10)):
        volume = CostVolume(planes=D, depth_range=depth_range)
        cost = volume(features, intrinsics, torch.eye(4).expand(B, 2, 4, 4))
        torch.testing.assert_close(cost, expected.expand_as(cost), atol=1e-4, rtol=1e-5)
        alone = volume.single_view_cost(features[:, 0])
        torch.testing.assert_close(alone, cost[:, 0], atol=1e-4, rtol=1e-5)


def test_a_textured_wall_matches_at_its_own_plane():
    height, width, focal, true = 16, 24, 30.0, 5
    volume = CostVolume(planes=12, depth_range=(0.5, 10))
    inverse = inverse_depth_planes(0.5, 10, 12)
    waves = torch.randn(32, 2, generator=torch.Generator().manual_seed(0)) * 2
    intrinsics = torch.tensor([[focal, 0, 11.0], [0, focal, 9.0], [0, 0, 1.0]]).repeat(1, 2, 1, 1)
    intrinsics[0, 1, 0, 2] = 13.5
    poses = torch.eye(4).repeat(1, 2, 1, 1)
    poses[0, 1, :2, 3] = torch.tensor([-0.4, 0.1])
    views = []
    for view in range(2):
        points = view_rays(intrinsics[:, view], height, width)[0] / inverse[true] - poses[0, view, :3, 3, None, None]
        phase = torch.einsum('cd,dhw->chw', waves * focal * inverse[true] / 4, points[:2])
        views.append(torch.cat((phase.sin(), phase.cos())))  # of the same length at every place
    cost = volume(torch.stack(views)[None], intrinsics, poses)
    assert (cost[0, 0, :, :-4, 10:].argmax(0) == true).all()
    depth, confidence = volume.best_depth(cost[:, 0])
    torch.testing.assert_close(depth[0, 0, :-4, 10:], (1 / inverse[true]).expand(height - 4, width - 10))
    assert ((confidence > 1 / 12) & (confidence <= 1)).all()


def test_rescaling_the_world_changes_nothing(features, scenes):
    intrinsics, poses = scenes(B, 3, size=(H, W))
    before = CostVolume(planes=D, depth_range=(0.5, 10))(features, intrinsics, poses)
    after = CostVolume(planes=D, depth_range=(1.5, 30))(features, intrinsics, scale_translation(poses, 3))
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)


def test_mirroring_all_views_mirrors_the_cost(volume, features, scenes):
    intrinsics, poses = scenes(B, 3, size=(H, W))
    mirrored = volume(features.flip(-1), flip_intrinsics(intrinsics, W), flip_pose(poses))
    torch.testing.assert_close(mirrored, volume(features, intrinsics, poses).flip(-1), atol=1e-4, rtol=1e-4)


def test_cropping_the_reference_crops_the_cost_and_padding_the_source_changes_nothing(scenes):
    """Each view is cut and padded by itself, which needs its own intrinsics."""
    (intrinsics,), (poses,) = scenes(1, 2, size=(H, W))
    reference, source = torch.randn(2, 1, C, H, W)
    planes = inverse_depth_planes(0.5, 10, D)
    pose = relative_pose(poses[1], poses[0])[None]
    whole = sampled_correlation(
        reference, source, sweep_positions(intrinsics[:1], intrinsics[1:], pose, planes, (H, W))
    )
    cropped_k = crop_intrinsics(intrinsics[:1], 2, 1)
    padded_k = pad_intrinsics(intrinsics[1:], 3, 4)
    padded = torch.nn.functional.pad(source, (3, 1, 4, 2))
    positions = sweep_positions(cropped_k, padded_k, pose, planes, (H - 1, W - 2))
    cropped = sampled_correlation(reference[..., 1:, 2:], padded, positions)
    torch.testing.assert_close(cropped, whole[..., 1:, 2:], atol=1e-4, rtol=1e-4)


def test_behind_the_camera_and_out_of_view_is_exactly_zero_with_finite_gradient(volume):
    features = torch.randn(1, 2, C, H, W, requires_grad=True)
    intrinsics = torch.tensor([[10.0, 0, 4.5], [0, 10, 3.5], [0, 0, 1]]).expand(1, 2, 3, 3)
    for turned in (torch.diag(torch.tensor([-1.0, 1.0, -1.0, 1.0])), None):
        poses = torch.eye(4).repeat(1, 2, 1, 1)
        if turned is None:
            poses[0, 1, 0, 3] = 1e4  # far beside
        else:
            poses[0, 1] = turned  # looks the other way
        cost = volume(features, intrinsics, poses)
        assert (cost == 0).all()
        (gradient,) = torch.autograd.grad(cost.sum(), features)
        assert (gradient == 0).all()


def test_no_gradient_into_geometry(volume, features, scenes):
    intrinsics, poses = (x.requires_grad_() for x in scenes(B, 3, size=(H, W)))
    volume(features.requires_grad_(), intrinsics, poses).sum().backward()
    assert intrinsics.grad is None and poses.grad is None and features.grad.abs().sum() > 0


def test_permutations(volume, features, scenes):
    intrinsics, poses = scenes(B, 3, size=(H, W))
    cost, order = volume(features, intrinsics, poses), [2, 0, 1]
    permuted = volume(features[:, order], intrinsics[:, order], poses[:, order])
    torch.testing.assert_close(permuted, cost[:, order], atol=1e-5, rtol=1e-5)
    neighbours = torch.tensor([[1, 2], [0, 2], [1, 0]]).expand(B, 3, 2)
    torch.testing.assert_close(volume(features, intrinsics, poses, neighbours), cost, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(volume(features, intrinsics, poses, neighbours.flip(-1)), cost, atol=1e-5, rtol=1e-5)


def test_bfloat16_is_close(volume, scenes):
    features = torch.randn(B, 2, 64, H, W, requires_grad=True)
    cameras = scenes(B, 2, size=(H, W))
    exact = volume(features, *cameras)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        half = volume(features, *cameras)
    assert half.dtype == torch.float32
    assert (half - exact).abs().max() < 0.02 * exact.abs().max()
    weight = torch.randn_like(exact)
    (gradient,), (expected,) = (torch.autograd.grad(x, features, weight) for x in (half, exact))
    assert gradient.dtype == torch.float32
    assert (gradient - expected).norm() < 0.02 * expected.norm()


@pytest.mark.parametrize('depth_range', ['outdoor', (2, 1), (0, 1)])
def test_impossible_ranges(depth_range):
    with pytest.raises(ConfigError, match='expected'):
        CostVolume(depth_range=depth_range)


@pytest.mark.gpu
def test_the_same_on_a_gpu_and_no_wait_for_it(scenes):
    volume = CostVolume(planes=D, depth_range=(0.5, 10))
    features = torch.randn(B, 4, C, H, W)
    intrinsics, poses = scenes(B, 4, size=(H, W))
    expected = volume(features, intrinsics, poses, nearest_views(poses))
    features, intrinsics, poses = (x.cuda() for x in (features, intrinsics, poses))
    features.requires_grad_()
    torch.cuda.set_sync_debug_mode('error')
    try:
        cost = volume(features, intrinsics, poses, nearest_views(poses))
        cost.sum().backward()
    finally:
        torch.cuda.set_sync_debug_mode('default')
    torch.testing.assert_close(cost.cpu(), expected, atol=1e-4, rtol=1e-4)
