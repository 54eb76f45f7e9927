"""Normals from depth: exact on planes, facing the camera, void where the surface cannot be told."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmtl.geometry import flip_intrinsics, normals_from_depth, view_rays

H, W = 24, 32
K = torch.tensor([[[30.0, 0.4, 15.0], [0.0, 33.0, 12.5], [0.0, 0.0, 1.0]]])


def plane_depth(normal, distance, intrinsics=K):
    """Depth (1, 1, H, W) of the plane normal . X = -distance, 0 where the view does not meet it."""
    along = (view_rays(intrinsics, H, W) * normal[None, :, None, None]).sum(1, keepdim=True)
    return torch.where(along < -0.05, -distance / along, 0)


def test_a_wall_straight_ahead_faces_the_camera():
    normals = normals_from_depth(torch.full((1, 1, H, W), 2.0), K)
    torch.testing.assert_close(normals, torch.tensor([0.0, 0.0, -1.0])[None, :, None, None].expand(1, 3, H, W))


@settings(max_examples=40, deadline=None)
@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.3, 8), st.integers(1, 4))
def test_exact_on_every_plane(nx, ny, distance, radius):
    normal = torch.nn.functional.normalize(torch.tensor([nx, ny, -1.0]), dim=0)
    depth = plane_depth(normal, distance)
    normals = normals_from_depth(depth, K, radius=radius, jump=1.0)
    known = normals.norm(dim=1) > 0.5
    assert known[depth[:, 0] > 0].float().mean() > 0.9
    error = (normals - normal[None, :, None, None]).norm(dim=1)[known]
    assert error.max() < 2e-3


def test_a_depth_edge_does_not_bend_the_normals():
    depth = torch.full((1, 1, H, W), 2.0)
    depth[..., W // 2 :] = 3.0
    normals = normals_from_depth(depth, K, radius=3)
    torch.testing.assert_close(normals[:, 2], torch.full((1, H, W), -1.0))


def test_missing_depth_is_void_and_does_not_reach_its_neighbours():
    depth = torch.full((1, 1, H, W), 2.0)
    depth[..., 5:9, 5:9] = 0
    normals = normals_from_depth(depth, K)
    void = normals.norm(dim=1) == 0
    assert torch.equal(void, depth[:, 0] == 0)
    torch.testing.assert_close(normals[:, 2][~void], torch.full_like(normals[:, 2][~void], -1.0))


def test_lonely_and_noisy_pixels_are_void():
    lonely = torch.zeros(1, 1, H, W)
    lonely[..., 5, 5] = 1.0
    lonely[..., 10, :] = 2.0  # a line has no plane
    assert (normals_from_depth(lonely, K) == 0).all()
    generator = torch.Generator().manual_seed(0)
    noise = 2 * (1 + 0.04 * torch.randn(1, 1, H, W, generator=generator))
    assert (normals_from_depth(noise, K, jump=1.0).norm(dim=1) == 0).float().mean() > 0.9


def test_a_mirrored_view_has_mirrored_normals():
    depth = plane_depth(torch.nn.functional.normalize(torch.tensor([0.5, -0.3, -1.0]), dim=0), 2.0)
    mirrored = normals_from_depth(depth.flip(-1), flip_intrinsics(K, W))
    expected = normals_from_depth(depth, K).flip(-1) * torch.tensor([-1.0, 1.0, 1.0])[None, :, None, None]
    torch.testing.assert_close(mirrored, expected, atol=1e-4, rtol=0)
