"""Point clouds: pixels come back, planes stay planes, and neither the order of views nor the frame matters."""

import numpy as np
import pytest
import torch

from mmmtl.geometry import PointCloud, intrinsics_of_field_of_view, point_cloud, project

K = np.array([[50.0, 1.0, 20.5], [0, 45.0, 14.0], [0, 0, 1]])
SIZE = 30, 42


def random_pose(seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    pose = np.eye(4)
    pose[:3, :3] = rotation * np.linalg.det(rotation)
    pose[:3, 3] = generator.normal(size=3)
    return pose


def random_view(seed: int, size: tuple[int, int] = SIZE) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    depth = generator.uniform(0.5, 6, size).astype(np.float32)
    depth[generator.random(size) < 0.2] = 0
    return generator.integers(0, 256, (*size, 3), np.uint8), depth


@pytest.mark.parametrize('size', [SIZE, (7, 19)])
def test_points_project_to_their_pixels(size):
    image, depth = random_view(0, size)
    pose = random_pose(1)
    intrinsics = K * np.array([[size[1] / SIZE[1]], [size[0] / SIZE[0]], [1]])
    cloud = point_cloud(image, depth, intrinsics, camera_T_world=pose)
    rows, columns = np.nonzero(depth)
    in_camera = cloud.points @ pose[:3, :3].T + pose[:3, 3]
    points = torch.tensor(in_camera.T, dtype=torch.float32)[None, :, :, None]
    pixels, z = project(points, torch.tensor(intrinsics, dtype=torch.float32)[None])
    np.testing.assert_allclose(pixels[0, 0, :, 0], columns + 0.5, atol=1e-3)
    np.testing.assert_allclose(pixels[0, 1, :, 0], rows + 0.5, atol=1e-3)
    np.testing.assert_allclose(z[0, 0, :, 0], depth[rows, columns], rtol=1e-5)
    assert np.array_equal(cloud.colours, image[rows, columns])
    assert cloud.points.dtype == cloud.normals.dtype == np.float32


def test_a_plane_stays_a_plane_with_its_normal():
    normal = np.array([0.3, -0.2, -0.9]) / np.linalg.norm([0.3, -0.2, -0.9])
    rows, columns = np.indices(SIZE) + 0.5
    rays = np.linalg.inv(K) @ np.stack([columns, rows, np.ones(SIZE)]).reshape(3, -1)
    depth = (-2 / (normal @ rays)).reshape(SIZE).astype(np.float32)  # n . x = -2
    pose = random_pose(2)
    cloud = point_cloud(np.zeros((*SIZE, 3), np.uint8), depth, K, camera_T_world=pose)
    in_camera = cloud.points @ pose[:3, :3].T + pose[:3, 3]
    np.testing.assert_allclose(in_camera @ normal, -2, atol=1e-5)
    known = np.linalg.norm(cloud.normals, axis=1) > 0
    assert known.mean() > 0.8
    np.testing.assert_allclose((cloud.normals @ pose[:3, :3].T)[known], np.tile(normal, (known.sum(), 1)), atol=1e-3)


def test_the_order_of_views_does_not_change_the_set():
    clouds = [point_cloud(*random_view(seed), K, camera_T_world=random_pose(seed)) for seed in range(3)]

    def rows(cloud: PointCloud) -> np.ndarray:
        joint = np.hstack([cloud.points, cloud.normals, cloud.colours])
        return joint[np.lexsort(joint.T)]

    assert np.array_equal(rows(PointCloud.merged(clouds)), rows(PointCloud.merged(clouds[::-1])))


def test_another_world_frame_moves_points_and_rotates_normals():
    (image, depth), camera, move = random_view(4), random_pose(4), random_pose(5)  # move = world_T_new
    cloud = point_cloud(image, depth, K, camera_T_world=camera)
    moved = point_cloud(image, depth, K, camera_T_world=camera @ move)
    np.testing.assert_allclose(moved.points @ move[:3, :3].T + move[:3, 3], cloud.points, atol=1e-5)
    np.testing.assert_allclose(moved.normals @ move[:3, :3].T, cloud.normals, atol=1e-5)


def test_given_normals_and_the_farthest_depth():
    image, depth = random_view(6)
    normals = np.zeros((*SIZE, 3), np.float32)
    normals[..., 2] = -1
    cloud = point_cloud(image, depth, K, normals=normals, max_depth=3.0)
    assert len(cloud) == ((depth > 0) & (depth <= 3)).sum() and (cloud.normals == (0, 0, -1)).all()
    depth[0] = (np.nan, np.inf, -1) * (SIZE[1] // 3)
    assert len(point_cloud(image, depth, K)) == (depth[1:] > 0).sum()


def test_field_of_view_spans_the_width():
    intrinsics = intrinsics_of_field_of_view(90, (30, 40))
    assert np.allclose(intrinsics, [[20, 0, 20], [0, 20, 15], [0, 0, 1]])
    for degrees in (0, 180, -20, np.nan):
        with pytest.raises(ValueError, match='between 0 and 180 degrees'):
            intrinsics_of_field_of_view(degrees, (30, 40))


def test_shapes_and_cameras_are_checked():
    image, depth = random_view(7)
    with pytest.raises(ValueError, match='H x W x 3, H x W and H x W x 3'):
        point_cloud(image[1:], depth, K)
    with pytest.raises(ValueError, match='not in image widths'):
        point_cloud(image, depth, np.diag([0.8, 0.8, 1.0]))
    with pytest.raises(ValueError, match='not a rotation'):
        point_cloud(image, depth, K, camera_T_world=np.diag([2.0, 1, 1, 1]))
