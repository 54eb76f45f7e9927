"""Projection undoes back-projection, keeps the half-pixel convention, and survives points behind the camera."""

import torch
from torch.nn.functional import grid_sample

from mmmtl.geometry import back_project, pixel_centres, project, sampling_grid, transform_points, view_rays

K = torch.tensor([[[50.0, 0.5, 7.0], [0.0, 40.0, 5.0], [0.0, 0.0, 1.0]]])


def test_pixel_centres_are_at_one_half():
    centres = pixel_centres(2, 3)
    assert centres.shape == (2, 2, 3)
    assert centres[:, 0, 0].tolist() == [0.5, 0.5]
    assert centres[:, 1, 2].tolist() == [2.5, 1.5]


def test_projecting_back_gives_the_pixel_and_the_depth():
    depth = torch.rand(1, 1, 10, 14) + 0.5
    positions, z = project(back_project(depth, K), K)
    torch.testing.assert_close(positions[0], pixel_centres(10, 14), atol=1e-4, rtol=0)
    torch.testing.assert_close(z, depth)


def test_rays_go_through_the_principal_point():
    rays = view_rays(torch.tensor([[[50.0, 0.0, 7.5], [0.0, 40.0, 5.5], [0.0, 0.0, 1.0]]]), 10, 14)
    torch.testing.assert_close(rays[0, :, 5, 7], torch.tensor([0.0, 0.0, 1.0]))


def test_points_behind_land_outside_with_finite_gradient():
    points = torch.tensor([[0.1, 0.2, -1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1e-9], [0.1, 0.0, 2.0]])
    points = points.T.reshape(1, 3, 1, 4).requires_grad_()
    positions, _ = project(points, K)
    assert (positions[0, :, 0, :3] == -1e6).all()
    assert (positions[0, :, 0, 3] > 0).all()
    positions.sum().backward()
    assert points.grad.isfinite().all()
    assert (points.grad[..., :3] == 0).all() and (points.grad[..., 3] != 0).any()


def test_sampling_grid_at_pixel_centres_returns_the_map():
    values = torch.rand(2, 3, 5, 7)
    grid = sampling_grid(pixel_centres(5, 7).expand(2, -1, -1, -1), 5, 7)
    torch.testing.assert_close(grid_sample(values, grid, align_corners=False), values)


def test_transform_is_the_pose_and_ignores_autocast():
    pose = torch.eye(4)[None].repeat(1, 1, 1)
    pose[0, :3, :3] = torch.linalg.matrix_exp(torch.tensor([[0, -0.3, 0.1], [0.3, 0, -0.2], [-0.1, 0.2, 0]]))
    pose[0, :3, 3] = torch.tensor([1.0, 2.0, 3.0])
    points = torch.rand(1, 3, 4, 5)
    plain = transform_points(points, pose)
    torch.testing.assert_close(plain[0, :, 1, 2], pose[0, :3, :3] @ points[0, :, 1, 2] + pose[0, :3, 3])
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(transform_points(points, pose), plain)
        assert back_project(torch.ones(1, 1, 4, 5, dtype=torch.bfloat16), K).dtype == torch.float32
