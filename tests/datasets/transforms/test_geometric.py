"""Moves in space keep image, labels, intrinsics and pose together.

The oracle is a world point: what a pixel shows stands where it stood, once the world's own scale and mirror are taken
out.
"""

from copy import deepcopy

import numpy as np
import pytest
import torch
from skimage.measure import label as components

from mmmtl.datasets.transforms import CoverCrop, RandomFlip, RandomScale, RandomSceneScale, RandomZoomCrop, Resize
from mmmtl.errors import ConfigError
from mmmtl.tasks import Depth, Edge, Normal, SemSeg

SIZE = (48, 63)
SMALL = {
    'semseg': SemSeg('semseg', classes=[f'class{number}' for number in range(200)]),
    'depth': Depth('depth'),
    'normal': Normal('normal'),
}


def rotation(rng: np.random.Generator) -> np.ndarray:
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def random_scene(seed: int = 0, views: int = 2) -> dict:
    """Views of noise with every label, one tenth of each label void; the image's red and green tell row and column."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(views):
        rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
        normal = rng.normal(size=(*SIZE, 3)).astype(np.float32)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        depth = rng.uniform(1, 9, SIZE).astype(np.float32)
        labels = {'semseg': rng.integers(0, 200, SIZE), 'depth': depth, 'normal': normal}
        void = rng.random(SIZE) < 0.1
        for name, label in labels.items():
            label[void] = SMALL[name].void
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = rotation(rng), rng.normal(size=3)
        made.append(
            {
                'image': np.stack([rows * 4, columns * 4, 0 * rows], -1).astype(np.uint8),
                'labels': labels,
                'img_path': 'noise',
                'intrinsics': torch.tensor([[60.0, 0.5, 30], [0, 55, 26], [0, 0, 1]]),
                'camera_T_world': torch.tensor(pose, dtype=torch.float32),
            }
        )
    return {'views': made, 'tasks': SMALL, 'rng': np.random.default_rng(seed)}


def world(view: dict) -> tuple[np.ndarray, np.ndarray]:
    """What every pixel shows: world points (H, W, 3), and normals turned into the world, in float64."""
    height, width = view['labels']['depth'].shape
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    rays = np.stack([columns, rows, np.ones_like(rows)], -1) @ np.linalg.inv(view['intrinsics'].double().numpy()).T
    world_T_camera = np.linalg.inv(view['camera_T_world'].double().numpy())
    turn, place = world_T_camera[:3, :3].T, world_T_camera[:3, 3]
    return rays * view['labels']['depth'][..., None] @ turn + place, view['labels']['normal'] @ turn


def apply(transform, scene: dict) -> dict:
    return transform.transform(deepcopy(scene))


def test_resize_by_three_keeps_what_the_middle_pixels_show():
    scene = random_scene()
    for before, after in zip(scene['views'], apply(Resize((SIZE[0] * 3, SIZE[1] * 3)), scene)['views'], strict=True):
        assert after['image'].shape == (144, 189, 3)
        known = before['labels']['depth'] > 0
        for old, new in zip(world(before), world(after), strict=True):
            np.testing.assert_allclose(new[1::3, 1::3][known], old[known], atol=1e-4)
        np.testing.assert_array_equal(after['labels']['semseg'], before['labels']['semseg'].repeat(3, 0).repeat(3, 1))
        assert torch.equal(after['camera_T_world'], before['camera_T_world'])


@pytest.mark.parametrize('size', [(16, 21), (48, 21), (32, 100), (80, 64)])  # no pixel centre falls on an edge
def test_resize_takes_the_nearest_label_and_no_new_value(size):
    scene = random_scene()
    for before, after in zip(scene['views'], apply(Resize(size), scene)['views'], strict=True):
        rows, columns = (
            np.floor((np.arange(new) + 0.5) * old / new).astype(int) for new, old in zip(size, SIZE, strict=True)
        )
        for name, label in before['labels'].items():
            np.testing.assert_array_equal(after['labels'][name], label[rows][:, columns])
            assert after['labels'][name].dtype == label.dtype
        for axis, factor in ((0, size[1] / SIZE[1]), (1, size[0] / SIZE[0])):
            torch.testing.assert_close(after['intrinsics'][axis], before['intrinsics'][axis] * factor)


@pytest.mark.parametrize('size', [(96, 126), (24, 31), (100, 40)])
def test_the_image_moves_with_its_labels(size):
    """Red is 4 x row: after a resize it is still 4 x the row that the pixel centre came from."""
    view = apply(Resize(size), random_scene())['views'][0]
    rows = ((np.arange(size[0]) + 0.5) * SIZE[0] / size[0] - 0.5).clip(0, SIZE[0] - 1)
    columns = ((np.arange(size[1]) + 0.5) * SIZE[1] / size[1] - 0.5).clip(0, SIZE[1] - 1)
    np.testing.assert_allclose(view['image'][..., 0].mean(1), 4 * rows, atol=1.1)
    np.testing.assert_allclose(view['image'][..., 1].mean(0), 4 * columns, atol=1.1)


def test_resize_to_its_own_size_is_identity():
    assert_same(apply(Resize(SIZE), random_scene()), random_scene())


def test_zoom_by_three_shows_the_same_world_a_third_as_large():
    scene = random_scene()
    after = apply(RandomZoomCrop((3.0,)), scene)['views']
    middle = after[0]['labels']['semseg'][1::3, 1::3]
    classes = scene['views'][0]['labels']['semseg']
    ((top, left),) = [(y, x) for y in range(33) for x in range(43) if (classes[y : y + 16, x : x + 21] == middle).all()]
    for old_view, new_view in zip(scene['views'], after, strict=True):
        assert new_view['image'].shape == (*SIZE, 3)
        inner = np.s_[top : top + 16, left : left + 21]
        known = old_view['labels']['depth'][inner] > 0
        (old_points, old_normals), (new_points, new_normals) = world(old_view), world(new_view)
        np.testing.assert_allclose(3 * new_points[1::3, 1::3][known], old_points[inner][known], atol=1e-4)
        np.testing.assert_allclose(new_normals[1::3, 1::3][known], old_normals[inner][known], atol=1e-5)
        np.testing.assert_allclose(new_view['labels']['depth'][1::3, 1::3], old_view['labels']['depth'][inner] / 3)
        torch.testing.assert_close(new_view['camera_T_world'][:3, 3], old_view['camera_T_world'][:3, 3] / 3)
        assert torch.equal(new_view['camera_T_world'][:3, :3], old_view['camera_T_world'][:3, :3])


@pytest.mark.parametrize('seed', range(8))
def test_zoom_keeps_voids_and_classes_and_stays_inside(seed):
    scene = random_scene(seed)
    for before, after in zip(scene['views'], apply(RandomZoomCrop((1.0, 1.2, 1.5, 4.0)), scene)['views'], strict=True):
        labels = after['labels']
        void = labels['depth'] == 0
        np.testing.assert_array_equal(void, labels['semseg'] == 255)
        np.testing.assert_array_equal(void, ~labels['normal'].any(-1))
        assert set(np.unique(labels['semseg'])) <= set(np.unique(before['labels']['semseg']))
        known = labels['depth'][~void][:, None] * (1.0, 1.2, 1.5, 4.0)
        depths = np.sort(before['labels']['depth'], axis=None)
        first = np.searchsorted(depths[:-1], known - 1e-4)  # that is not clearly smaller
        off = np.abs(depths[first] - known)
        assert off.max(0).min() < 2e-4
        SMALL['normal'].check(labels['normal'])


def test_zoom_draws_every_scale_and_place_and_one_is_identity():
    assert_same(apply(RandomZoomCrop((1.0,)), random_scene()), random_scene())
    zoom = RandomZoomCrop((1.0, 1.2, 1.5))
    cameras = [apply(zoom, random_scene(seed))['views'][0]['intrinsics'] for seed in range(40)]
    focal = {round(float(camera[0, 0]), 3) for camera in cameras}
    assert focal == {60.0, round(60 * 63 / 52, 3), 90.0}  # int(63 / 1.2) = 52 columns are cut out
    assert len({tuple(camera.flatten().tolist()) for camera in cameras}) > 15


def test_flip_shows_the_mirrored_world():
    scene = random_scene()
    hflip = np.array([-1, 1, 1])
    for before, after in zip(scene['views'], apply(RandomFlip(1.0), scene)['views'], strict=True):
        np.testing.assert_array_equal(after['image'], before['image'][:, ::-1])
        np.testing.assert_array_equal(after['labels']['semseg'], before['labels']['semseg'][:, ::-1])
        known = after['labels']['depth'] > 0
        for old, new in zip(world(before), world(after), strict=True):
            np.testing.assert_allclose(new[known], (old * hflip)[:, ::-1][known], atol=1e-4)
        pose = after['camera_T_world'][:3, :3].double()
        assert torch.linalg.det(pose) > 0.99  # a rotation, no reflection
        assert not after['labels']['normal'][~known].any()


def test_flipping_twice_is_identity():
    assert_same(apply(RandomFlip(1.0), apply(RandomFlip(1.0), random_scene())), random_scene())


def test_flip_by_chance_takes_all_views_or_none():
    flipped = []
    for seed in range(60):
        views = apply(RandomFlip(0.3), random_scene(seed, views=3))['views']
        each = {bool(view['image'][0, 0, 1] > view['image'][0, -1, 1]) for view in views}
        assert len(each) == 1
        flipped += each
    assert 8 <= sum(flipped) <= 30
    assert_same(apply(RandomFlip(0.0), random_scene()), random_scene())


def test_all_views_get_the_same_draw():
    scene = random_scene(views=1)
    scene['views'] *= 3
    for transform in (RandomZoomCrop((1.2, 1.5)), RandomFlip(0.5)):
        first, *others = apply(transform, scene)['views']
        for other in others:
            assert_same({'views': [other]}, {'views': [first]})


def test_one_after_the_other_in_any_order():
    """Slices and mirrored arrays reach the next transform as they are."""
    flip, zoom = RandomFlip(1.0), RandomZoomCrop((1.5,))
    for order in ((flip, zoom, Resize((20, 30))), (zoom, flip)):
        scene = random_scene()
        for transform in order:
            scene = transform.transform(scene)
        for view in scene['views']:
            assert {view['image'].shape[:2], *(label.shape[:2] for label in view['labels'].values())} == {
                (20, 30) if len(order) == 3 else SIZE
            }


def test_without_camera_and_labels_the_image_moves_alone():
    scene = random_scene()
    for view in scene['views']:
        del view['intrinsics'], view['camera_T_world']
        view['labels'] = {}
    for transform in (Resize((30, 40)), RandomZoomCrop((2.0,)), RandomFlip(1.0)):
        for view in apply(transform, scene)['views']:
            assert set(view) - {'flipped'} == {'image', 'labels', 'img_path', 'moved'} and view['labels'] == {}


@pytest.mark.parametrize('scales', [(), (0.9,), (1.5, 0.5)])
def test_zooming_out_is_refused(scales):
    with pytest.raises(ConfigError, match='RandomZoomCrop.scales must be numbers >= 1'):
        RandomZoomCrop(scales)


@pytest.mark.parametrize('views', [2, 3])
@pytest.mark.parametrize('scale', [0.4, 2.0])
def test_scene_scale_scales_every_world_point_and_changes_nothing_else(views, scale):
    scene = random_scene(views=views)
    for before, after in zip(scene['views'], apply(RandomSceneScale((scale, scale)), scene)['views'], strict=True):
        known = before['labels']['depth'] > 0
        (points, normals), (scaled, same_normals) = world(before), world(after)
        np.testing.assert_allclose(scaled[known], scale * points[known], rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(same_normals, normals, atol=1e-6)
        np.testing.assert_array_equal(after['labels']['depth'] > 0, known)
        for name in ('semseg', 'normal'):
            np.testing.assert_array_equal(after['labels'][name], before['labels'][name])
        np.testing.assert_array_equal(after['image'], before['image'])
        assert torch.equal(after['intrinsics'], before['intrinsics'])


def test_scene_scale_leaves_single_views_and_one_is_identity():
    assert_same(apply(RandomSceneScale((0.5, 2.0)), random_scene(views=1)), random_scene(views=1))
    assert_same(apply(RandomSceneScale((1.0, 1.0)), random_scene()), random_scene())


def test_scene_scale_draws_uniform_logarithms_for_all_views():
    scene, logarithms = random_scene(), []
    known = [view['labels']['depth'] > 0 for view in scene['views']]
    for seed in range(200):
        scene['rng'] = np.random.default_rng(seed)
        ratios = [
            after['labels']['depth'][mask] / before['labels']['depth'][mask]
            for before, after, mask in zip(
                scene['views'], apply(RandomSceneScale((0.25, 4.0)), scene)['views'], known, strict=True
            )
        ]
        np.testing.assert_allclose(np.concatenate(ratios), ratios[0][0], rtol=1e-5)
        logarithms.append(np.log(ratios[0][0]) / np.log(4))
    assert -1 <= min(logarithms) < -0.9 and 0.9 < max(logarithms) <= 1 and abs(np.mean(logarithms)) < 0.15


@pytest.mark.parametrize('scales', [(0, 1), (2, 1), (1,), (1, np.inf)])
def test_scene_scale_needs_a_range(scales):
    with pytest.raises(ConfigError, match='RandomSceneScale.scales'):
        RandomSceneScale(scales)


def assert_same(a: dict, b: dict) -> None:
    for left, right in zip(a['views'], b['views'], strict=True):
        np.testing.assert_array_equal(left['image'], right['image'])
        for name in right['labels']:
            np.testing.assert_array_equal(left['labels'][name], right['labels'][name])
        assert torch.equal(left['intrinsics'], right['intrinsics'])
        assert torch.equal(left['camera_T_world'], right['camera_T_world'])


@pytest.mark.parametrize('seed', range(10))
@pytest.mark.parametrize(
    'transforms',
    [
        [Resize((31, 47))],
        [Resize((100, 90))],
        [RandomScale(0.4, 2.0)],
        [CoverCrop((40, 50)), RandomFlip(0.5)],
        [RandomFlip(1.0), Resize((40, 50)), RandomZoomCrop((1.2, 1.5)), Resize((33, 41))],
    ],
    ids=['smaller', 'larger', 'scaled', 'cropped', 'zoomed'],
)
def test_lines_of_one_pixel_stay_so_on_every_way(transforms, seed):
    """A diagonal from rim to rim parts what is above from what is below."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    line = y == x * (SIZE[0] - 1) // (SIZE[1] - 1)
    scene = {
        'views': [{'image': np.zeros((*SIZE, 3), np.uint8), 'labels': {'edge': line.astype(np.float32)}}],
        'tasks': {'edge': Edge('edge')},
        'rng': np.random.default_rng(seed),
    }
    for transform in transforms:
        scene = transform.transform(scene)
    edge = scene['views'][0]['labels']['edge'] > 0
    assert components(edge, connectivity=2).max() == 1 and components(~edge, connectivity=1).max() == 2
    assert not (edge[1:, 1:] & edge[1:, :-1] & edge[:-1, 1:] & edge[:-1, :-1]).any()
