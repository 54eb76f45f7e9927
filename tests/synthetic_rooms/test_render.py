"""The labels of a view are exact: they agree with each other, with the camera and with other views."""

import numpy as np
import plain_rooms
import pytest

from mmmtl.synthetic_rooms.cameras import Camera, Neighbours, place_cameras, probe
from mmmtl.synthetic_rooms.render import one_face_around, render_view
from mmmtl.synthetic_rooms.scene import CLASSES, Scene, build_scene
from mmmtl.synthetic_rooms.variety import PLAIN, REALISTIC

SIZE = (64, 80)
BASELINE = 0.2


@pytest.fixture(scope='module', params=[(3, PLAIN), (4, PLAIN), (3, REALISTIC), (4, REALISTIC)])
def room(request) -> tuple[Scene, list[Camera], list[dict[str, np.ndarray]]]:
    scene = build_scene('train', *request.param)
    cameras = place_cameras(scene, 3, SIZE)
    return scene, cameras, [render_view(scene, camera) for camera in cameras]


def points_of(camera: Camera, depth: np.ndarray) -> np.ndarray:
    """World points (H, W, 3) of a depth map."""
    y, x = np.mgrid[: camera.height, : camera.width] + 0.5
    rays = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(camera.intrinsics.astype(float)).T
    world_T_camera = np.linalg.inv(camera.camera_T_world.astype(float))
    return (rays * depth[..., None]) @ world_T_camera[:3, :3].T + world_T_camera[:3, 3]


def project(camera: Camera, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Image points (..., 2) and depth (...) of world points."""
    local = points @ camera.camera_T_world[:3, :3].T.astype(float) + camera.camera_T_world[:3, 3]
    image = local @ camera.intrinsics.T.astype(float)
    return image[..., :2] / image[..., 2:], local[..., 2]


def test_maps_have_the_documented_types_and_values(room) -> None:
    scene, _, views = room
    view = views[0]
    assert {name: (str(v.dtype), v.shape) for name, v in view.items()} == {
        'image': ('uint8', (*SIZE, 3)), 'semseg': ('uint8', SIZE), 'depth': ('float32', SIZE),
        'normal': ('float32', (*SIZE, 3)), 'instance': ('uint16', SIZE),
    }  # fmt: skip
    assert 0.2 < view['depth'].min() and view['depth'].max() < np.linalg.norm(scene.size)
    assert view['instance'].min() >= 1 and view['semseg'].max() < len(CLASSES)
    assert np.array_equal(view['semseg'], scene.labels[view['instance']])
    assert view['image'].std() > 10


def test_another_view_sees_the_same_points(room) -> None:
    _, cameras, views = room
    common = 0
    for other in (1, 2):
        image, z = project(cameras[other], points_of(cameras[0], views[0]['depth']))
        x, y = np.floor(image).astype(int).transpose(2, 0, 1)
        inside = (z > 0.1) & (x >= 0) & (x < SIZE[1]) & (y >= 0) & (y < SIZE[0])
        depth = views[other]['depth'][y[inside], x[inside]]
        close = np.abs(depth / z[inside] - 1) < 0.03
        assert 0.5 < close.mean()
        same = (views[other]['instance'][y[inside], x[inside]] == views[0]['instance'][inside])[close]
        assert same.mean() > 0.95
        common += close.sum() / inside.size
    assert 0.4 < common / 2 <= 1


def test_normals_face_the_camera_and_follow_from_depth(room) -> None:
    scene, cameras, views = room
    camera, normal, depth = cameras[0], views[0]['normal'], views[0]['depth']
    assert np.allclose(np.linalg.norm(normal, axis=-1), 1, atol=1e-5)
    points = points_of(camera, depth)
    ray = (points - camera.position) @ camera.camera_T_world[:3, :3].T
    assert ((ray * normal).sum(-1) < 0).all()

    local = points @ camera.camera_T_world[:3, :3].T.astype(float)
    across, down = local[1:-1, 2:] - local[1:-1, :-2], local[2:, 1:-1] - local[:-2, 1:-1]
    crossed = np.cross(down, across)
    crossed /= np.linalg.norm(crossed, axis=-1, keepdims=True)
    face = scene.face[scene.trace(camera.position, (points - camera.position).reshape(-1, 3).T)['primID']]
    flat = one_face_around(face.reshape(SIZE))
    assert flat.mean() > 0.3
    assert ((crossed * normal[1:-1, 1:-1]).sum(-1)[flat[1:-1, 1:-1]] > 0.9995).all()


def test_cameras_are_neighbours_with_true_rotations(room) -> None:
    scene, cameras, _ = room
    low, high = scene.variety.viewpoints.height
    narrow, wide = scene.variety.viewpoints.field_of_view
    for camera in cameras:
        rotation = camera.camera_T_world[:3, :3].astype(float)
        assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6) and np.linalg.det(rotation) > 0.99
        assert low - 0.2 < camera.position[2] < high + 0.2
        angle = 2 * np.degrees(np.arctan(camera.width / 2 / camera.intrinsics[0, 0]))
        assert narrow - 0.1 < angle < wide + 0.1
    for camera in cameras[1:]:
        assert 0.09 < np.linalg.norm(camera.position - cameras[0].position) < 0.51


def test_more_cameras_leave_the_first_as_they_are() -> None:
    scene = build_scene('val', 1)
    few, many = place_cameras(scene, 2, SIZE), place_cameras(scene, 4, SIZE)
    assert all(np.array_equal(a.camera_T_world, b.camera_T_world) for a, b in zip(few, many, strict=False))
    assert len({camera.camera_T_world.tobytes() for camera in many}) == 4


def test_distances_of_cameras_are_in_the_given_range() -> None:
    scene = build_scene('val', 1)
    near, far = place_cameras(scene, 4, SIZE), place_cameras(scene, 4, SIZE, Neighbours((0.6, 0.8)))
    assert np.array_equal(near[0].camera_T_world, far[0].camera_T_world)
    assert all(0.59 < np.linalg.norm(camera.position - far[0].position) < 0.81 for camera in far[1:])


def test_neighbours_keep_their_distance_from_things() -> None:
    def smallest_depths(nearest: float) -> np.ndarray:
        scenes = [build_scene('test', index) for index in (*range(10), 168)]  # the last is a tight one
        cameras = [place_cameras(scene, 2, SIZE, Neighbours((0.4, 1.0), nearest))[1] for scene in scenes]
        return np.array([probe(scene, camera)[1]['tfar'].min() for scene, camera in zip(scenes, cameras, strict=True)])

    assert smallest_depths(0.5).min() >= 0.5 > smallest_depths(0.0).min()


def test_a_stereo_pair_is_rectified(room) -> None:
    scene, cameras, views = room
    left, right = cameras[0], cameras[0].right_neighbour(BASELINE)
    assert np.allclose(right.position - left.position, BASELINE * left.camera_T_world[0, :3], atol=1e-6)
    other = render_view(scene, right)
    disparity = left.intrinsics[0, 0] * BASELINE / views[0]['depth']
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    column = np.floor(x + 0.5 - disparity).astype(int)
    inside = column >= 0
    depth = other['depth'][y[inside], column[inside]]
    close = np.abs(depth / views[0]['depth'][inside] - 1) < 0.03
    assert close.mean() > 0.6
    assert (other['instance'][y[inside], column[inside]] == views[0]['instance'][inside])[close].mean() > 0.95


def test_more_samples_give_nearly_the_same_image() -> None:
    scene = build_scene('train', 5)
    camera = place_cameras(scene, 1, SIZE)[0]
    one, four, many = (render_view(scene, camera, samples=n)['image'].astype(float) for n in (1, 4, 24))
    assert np.abs(four - many).mean() < 0.7 * np.abs(one - many).mean()
    assert np.abs(four - many).mean() < 6


@pytest.mark.parametrize(
    ('split', 'index', 'size', 'samples'),
    [
        ('train', 0, (128, 160), 4),
        ('train', 1, (64, 80), 4),
        ('val', 2, (33, 57), 7),
        ('val', 3, (240, 320), 4),
        ('test', 4, (128, 160), 1),
        ('test', 5, (1, 5), 4),
    ],
)
def test_views_are_bitwise_those_of_a_plain_renderer(split: str, index: int, size: tuple, samples: int) -> None:
    scene = build_scene(split, index)
    for camera in place_cameras(scene, 2, size):
        view = render_view(scene, camera, samples=samples)
        plain = plain_rooms.render_view(scene, camera, samples=samples)
        assert {name: value.dtype for name, value in view.items()} == {n: v.dtype for n, v in plain.items()}
        assert [name for name in plain if not np.array_equal(view[name], plain[name])] == []
