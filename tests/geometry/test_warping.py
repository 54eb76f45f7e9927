"""Warping finds the same surface again: on a textured plane, behind an occluder, at the image border."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmmtl.geometry import (
    correspondences,
    flip_intrinsics,
    flip_pose,
    normals_from_depth,
    overlap,
    pixel_centres,
    relative_pose,
    view_rays,
    visible_pixels,
    warp,
)

H, W = 30, 40
TARGET_K = torch.tensor([[[40.0, 0.0, 20.0], [0.0, 40.0, 15.0], [0.0, 0.0, 1.0]]])
SOURCE_K = torch.tensor([[[50.0, 0.0, 17.0], [0.0, 45.0, 16.0], [0.0, 0.0, 1.0]]])
NORMAL, DISTANCE = torch.nn.functional.normalize(torch.tensor([0.3, -0.2, -1.0]), dim=0), 2.0


def pose(rotation=(0.0, 0.0, 0.0), translation=(0.0, 0.0, 0.0)):
    x, y, z = rotation
    result = torch.eye(4)
    result[:3, :3] = torch.linalg.matrix_exp(torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]]))
    result[:3, 3] = torch.tensor(translation)
    return result[None]


def plane_in(target_T_world, intrinsics):
    """Depth of the world plane NORMAL . X = -DISTANCE and its world points, in one view."""
    rotation, translation = target_T_world[0, :3, :3], target_T_world[0, :3, 3]
    rays = view_rays(intrinsics, H, W)[0]
    world_rays = torch.einsum('ji,jhw->ihw', rotation, rays)
    centre = -rotation.T @ translation
    depth = (-DISTANCE - NORMAL @ centre) / torch.einsum('i,ihw->hw', NORMAL, world_rays)
    points = centre[:, None, None] + depth * world_rays
    return depth[None, None], points[None]


def test_a_map_of_world_points_is_found_again():
    target_T_world, source_T_world = (
        pose((0.05, -0.1, 0.02), (0.1, 0.05, 0.0)),
        pose((-0.03, 0.08, 0.0), (-0.2, 0, 0.1)),
    )
    depth, points = plane_in(target_T_world, TARGET_K)
    source_depth, source_points = plane_in(source_T_world, SOURCE_K)
    source_T_target = relative_pose(source_T_world, target_T_world)
    positions, expected = correspondences(depth, TARGET_K, SOURCE_K, source_T_target)
    found, valid = warp(source_points, positions)
    seen = valid.expand_as(found)
    assert valid.float().mean() > 0.5
    assert (found - points)[seen].abs().quantile(0.95) < 2e-3  # bilinear in a projective map: not exact
    assert (found[~seen] == 0).all()
    visible = visible_pixels(positions, expected, source_depth)
    assert torch.equal(visible, valid)
    assert 0.5 < overlap(visible, depth).item() <= 1


def test_the_identity_finds_itself_up_to_the_border():
    depth = torch.rand(1, 1, H, W) + 1
    positions, expected = correspondences(depth, TARGET_K, TARGET_K, pose())
    torch.testing.assert_close(positions[0], pixel_centres(H, W), atol=1e-4, rtol=0)
    found, valid = warp(depth, positions)
    assert valid.all()
    torch.testing.assert_close(found, depth, atol=1e-4, rtol=0)
    torch.testing.assert_close(expected, depth)


def test_what_stands_behind_an_occluder_is_not_visible():
    depth = torch.full((1, 1, H, W), 4.0)
    source_depth = depth.clone()
    source_depth[..., 10:20] = 2.0  # something stands before the wall in the source view only
    source_T_target = pose(translation=(0.4, 0.0, 0.0))  # moves the wall by 40 * 0.4 / 4 = 4 pixels
    positions, expected = correspondences(depth, TARGET_K, TARGET_K, source_T_target)
    visible = visible_pixels(positions, expected, source_depth)[0, 0]
    columns = torch.ones(W, dtype=torch.bool)
    columns[6:16] = False  # hidden
    columns[36:] = False  # out of view
    assert torch.equal(visible, columns.expand(H, W))
    assert overlap(visible[None, None], depth).item() == pytest.approx(26 / 40)


def test_unknown_depth_and_points_behind_are_nowhere():
    depth = torch.full((1, 1, H, W), 2.0)
    depth[..., 0] = 0
    positions, expected = correspondences(depth, TARGET_K, SOURCE_K, pose(translation=(0.0, 0.0, -3.0)))
    found, valid = warp(torch.ones(1, 1, H, W), positions)
    assert not valid.any() and (found == 0).all() and (expected == 0).all()
    assert not visible_pixels(positions, expected, torch.ones(1, 1, H, W)).any()
    assert overlap(valid, torch.zeros(1, 1, H, W)).item() == 0  # nothing known: no division by zero


def test_nearest_keeps_class_indices():
    labels = torch.randint(0, 9, (1, 1, H, W)).float()
    positions, _ = correspondences(torch.full((1, 1, H, W), 2.0), TARGET_K, TARGET_K, pose(translation=(0.07, 0, 0)))
    found, _ = warp(labels, positions, mode='nearest')
    assert set(found.unique().tolist()) <= set(labels.unique().tolist()) | {0.0}


def test_mirrored_views_have_mirrored_correspondences():
    depth, _ = plane_in(pose(), TARGET_K)
    source_T_target = pose((0.1, -0.05, 0.03), (0.2, 0.1, -0.1))
    positions, _ = correspondences(depth, TARGET_K, SOURCE_K, source_T_target)
    mirrored, _ = correspondences(
        depth.flip(-1), flip_intrinsics(TARGET_K, W), flip_intrinsics(SOURCE_K, W), flip_pose(source_T_target)
    )
    expected = torch.stack((W - positions[:, 0], positions[:, 1]), dim=1).flip(-1)
    torch.testing.assert_close(mirrored, expected, atol=1e-3, rtol=1e-4)


@pytest.mark.skipif('MMMTL_DATA' not in os.environ, reason='needs MMMTL_DATA')
def test_two_sensor_views_of_a_kitchen_agree():
    folder = Path(os.environ['MMMTL_DATA'], 'real', 'seven_scenes_kitchen')
    if not folder.is_dir():
        pytest.skip(f'{folder} is missing')
    intrinsics = torch.tensor([[[585.0, 0.0, 320.5], [0.0, 585.0, 240.5], [0.0, 0.0, 1.0]]])
    depths, world_T_cameras = [], []
    for frame in ('frame-000000', 'frame-000024'):
        depth = cv2.imread(str(folder / f'{frame}.depth.png'), cv2.IMREAD_UNCHANGED).astype(np.float32) / 1000
        depths.append(torch.from_numpy(np.where(depth > 20, 0, depth))[None, None])
        world_T_cameras.append(torch.from_numpy(np.loadtxt(folder / f'{frame}.pose.txt'))[None])
    b_T_a = (torch.linalg.inv(world_T_cameras[1]) @ world_T_cameras[0]).float()
    positions, expected = correspondences(depths[0], intrinsics, intrinsics, b_T_a)
    visible = visible_pixels(positions, expected, depths[1])
    assert overlap(visible, depths[0]).item() > 0.6
    normals = [normals_from_depth(depth, intrinsics, radius=6) for depth in depths]
    found, _ = warp(normals[1], positions, mode='nearest')
    turned = torch.einsum('nij,njhw->nihw', b_T_a[:, :3, :3], normals[0])
    both = visible[:, 0] & (found.norm(dim=1) > 0.5) & (turned.norm(dim=1) > 0.5)
    assert both.float().mean() > 0.4
    angle = torch.rad2deg(torch.acos((found * turned).sum(1)[both].clamp(-1, 1)))
    assert angle.median() < 10


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('mode', ['bilinear', 'nearest'])
def test_half_precision_does_not_move_a_map(dtype, mode):
    values = torch.rand(1, 2, 3, 640, generator=torch.Generator().manual_seed(0)).to(dtype)
    warped, inside = warp(values, pixel_centres(3, 640)[None], mode=mode)
    assert warped.dtype == dtype and inside.all()
    torch.testing.assert_close(warped, values)
