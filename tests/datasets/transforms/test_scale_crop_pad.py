"""SAK's moves: labels, voids and cameras follow the image, one draw for all views of a scene."""

from copy import deepcopy

import numpy as np
import pytest
import torch

from mmmtl.datasets.transforms import Pad, RandomCropLimited, RandomScale
from mmmtl.datasets.transforms.scale_crop_pad import class_counts
from mmmtl.errors import ConfigError
from mmmtl.tasks import Depth, Normal, SemSeg

SIZE = (41, 53)  # odd: then no centre of a resized pixel falls between two pixels, where OpenCV's choice varies
TASKS = {
    'semseg': SemSeg('semseg', classes=[f'class{number}' for number in range(200)]),
    'depth': Depth('depth'),
    'normal': Normal('normal'),
}


def scene(seed: int = 0, views: int = 1, size: tuple[int, int] = SIZE) -> dict:
    """Every pixel's labels tell its row and column; one tenth is void."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: size[0], : size[1]]
    made = []
    for _ in range(views):
        normal = rng.normal(size=(*size, 3)).astype(np.float32)
        labels = {
            'semseg': (7 * rows + columns) % 200,
            'depth': (1 + rows + 100 * columns).astype(np.float32),
            'normal': normal / np.linalg.norm(normal, axis=-1, keepdims=True),
        }
        void = rng.random(size) < 0.1
        for name, label in labels.items():
            label[void] = TASKS[name].void
        made.append(
            {
                'image': np.stack([rows, columns, 5 * rows], -1).astype(np.uint8),
                'labels': labels,
                'img_path': 'noise',
                'intrinsics': torch.tensor([[60.0, 0, 26], [0, 55, 20], [0, 0, 1]]),
                'camera_T_world': torch.eye(4) + torch.tensor([[0, 0, 0, 2.0]] * 3 + [[0, 0, 0, 0]]),
            }
        )
    return {'views': made, 'tasks': TASKS, 'rng': np.random.default_rng(seed)}


def apply(transform, given: dict) -> list[dict]:
    return transform.transform(deepcopy(given))['views']


@pytest.mark.parametrize('scale', [0.5, 0.77, 1.0, 1.31, 2.0])
def test_scale_moves_labels_values_and_camera(scale):
    (before,), (after,) = scene()['views'], apply(RandomScale(scale, scale), scene())
    height, width = int(SIZE[0] * scale), int(SIZE[1] * scale)
    assert after['image'].shape == (height, width, 3)
    at = [(np.arange(new) + 0.5) * old / new for new, old in zip((height, width), SIZE, strict=True)]
    rows, columns = (np.floor(positions).astype(int) for positions in at)
    np.testing.assert_array_equal(after['labels']['semseg'], before['labels']['semseg'][rows][:, columns])
    np.testing.assert_array_equal(after['labels']['normal'], before['labels']['normal'][rows][:, columns])
    np.testing.assert_allclose(after['labels']['depth'], before['labels']['depth'][rows][:, columns] / scale, rtol=1e-6)
    factors = torch.tensor([[width / SIZE[1]], [height / SIZE[0]], [1]])
    torch.testing.assert_close(after['intrinsics'], before['intrinsics'] * factors)
    torch.testing.assert_close(after['camera_T_world'][:3, 3], torch.full((3,), 2 / scale))
    # a shift of the image against its labels by half a pixel would be seen here
    np.testing.assert_allclose(after['image'][..., 2].mean(1), 5 * (at[0] - 0.5).clip(0, SIZE[0] - 1), atol=1.1)


def test_scale_is_drawn_from_the_whole_range_and_once_for_all_views():
    heights = [apply(RandomScale(0.5, 2.0), scene(seed))[0]['image'].shape[0] for seed in range(40)]
    assert min(heights) < 27 and max(heights) > 70 and len(set(heights)) > 20
    first, second = apply(RandomScale(0.5, 2.0), scene(3, views=2))
    assert first['image'].shape == second['image'].shape


def test_shrinking_does_not_smooth():
    """The recipe's bilinear resize looks at four pixels, however many become one."""
    given = scene(size=(80, 80))
    given['views'][0]['image'] = np.zeros((80, 80, 3), np.uint8)
    given['views'][0]['image'][::4] = 252  # every fourth row: an average over four would be 63
    assert set(np.unique(apply(RandomScale(0.25, 0.25), given)[0]['image'])) == {0}


def test_crop_keeps_what_is_under_it():
    (view,) = apply(RandomCropLimited((16, 20)), scene(1))
    top, left = view['image'][0, 0, :2].astype(int)
    before = scene(1)['views'][0]
    for name, label in before['labels'].items():
        np.testing.assert_array_equal(view['labels'][name], label[top : top + 16, left : left + 20])
    assert view['intrinsics'][0, 2] == 26 - left and view['intrinsics'][1, 2] == 20 - top


def test_crop_takes_all_of_what_is_smaller():
    (view,) = apply(RandomCropLimited((100, 20)), scene())
    assert view['image'].shape[:2] == (41, 20)
    (view,) = apply(RandomCropLimited((100, 100)), scene())
    assert view['image'].shape[:2] == SIZE


def test_crop_reaches_every_corner():
    corners = {tuple(apply(RandomCropLimited((39, 51)), scene(seed))[0]['image'][0, 0, :2]) for seed in range(80)}
    assert corners == {(row, column) for row in range(3) for column in range(3)}


def uneven(seed: int, views: int = 1) -> dict:
    """Class 1 everywhere, but for 2 at the right edge: only crops far to the right have two classes that share."""
    given = scene(seed, views, size=(20, 100))
    for view in given['views']:
        view['labels']['semseg'] = np.ones((20, 100), np.int64)
        view['labels']['semseg'][:, 60:] = 2
        view['labels']['semseg'][::3] = 255
    return given


def largest(view: dict) -> float:
    counts = np.unique(view['labels']['semseg'][view['labels']['semseg'] != 255], return_counts=True)[1]
    return counts.max() / counts.sum()


def test_crop_tries_again_where_a_class_covers_too_much():
    fractions = {
        tries: [largest(apply(RandomCropLimited((20, 20), tries=tries), uneven(seed))[0]) for seed in range(60)]
        for tries in (1, 10)
    }
    assert np.mean(np.less(fractions[1], 0.75)) < 0.4 < 0.6 < np.mean(np.less(fractions[10], 0.75)) < 1


def test_crop_looks_at_a_limited_number_of_places():
    given = scene()
    given['views'][0]['labels']['semseg'][:] = 255
    given['rng'] = rng = np.random.default_rng(0)
    RandomCropLimited((10, 10), tries=3).transform(given)
    other = np.random.default_rng(0)
    other.random((3, 2))
    assert rng.random() == other.random()


@pytest.mark.parametrize('hidden', [False, True])
def test_crop_without_classes_takes_the_first_place(hidden):
    given = scene()
    if hidden:
        given['tasks'] = {name: task for name, task in TASKS.items() if name != 'semseg'}
    del given['views'][0]['labels']['semseg']
    RandomCropLimited((10, 10)).transform(given)
    other = np.random.default_rng(0)
    other.random(2)
    assert given['rng'].random() == other.random()


def test_crop_takes_all_views_at_one_place():
    views = apply(RandomCropLimited((20, 20)), uneven(5, views=3))
    assert len({tuple(view['image'][0, 0, :2]) for view in views}) == 1


@pytest.mark.parametrize(('size', 'top', 'left'), [((50, 60), 4, 3), ((42, 54), 0, 0), ((45, 10), 2, 0), (SIZE, 0, 0)])
def test_pad_puts_the_content_in_the_middle(size, top, left):
    (before,), (after,) = scene()['views'], apply(Pad(size, fill=(1, 2, 3)), scene())
    inside = np.s_[top : top + SIZE[0], left : left + SIZE[1]]
    border = np.ones(after['image'].shape[:2], bool)
    border[inside] = False
    assert after['image'].shape[:2] == (max(size[0], SIZE[0]), max(size[1], SIZE[1]))
    np.testing.assert_array_equal(after['image'][inside], before['image'])
    assert (after['image'][border] == (1, 2, 3)).all() and after['image'].dtype == np.uint8
    for name, label in after['labels'].items():
        np.testing.assert_array_equal(label[inside], before['labels'][name])
        assert (label[border] == TASKS[name].void).all() and label.dtype == before['labels'][name].dtype
    assert after['intrinsics'][0, 2] == 26 + left and after['intrinsics'][1, 2] == 20 + top


def test_padding_is_the_mean_colour():
    (view,) = apply(Pad((60, 60)), scene())
    colour = (view['image'][0, 0] / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    assert np.abs(colour).max() < 0.01


@pytest.mark.parametrize(
    'wrong',
    [
        lambda: RandomScale(0, 1),
        lambda: RandomScale(2, 1),
        lambda: RandomCropLimited((0, 4)),
        lambda: RandomCropLimited((4, 4), cat_max_ratio=0),
        lambda: RandomCropLimited((4, 4), tries=0),
    ],
)
def test_invalid_arguments_are_errors(wrong):
    with pytest.raises(ConfigError, match='found'):
        wrong()


@pytest.mark.parametrize('dtype', [np.int64, np.uint8, np.int32, np.float32])
@pytest.mark.parametrize(('low', 'high'), [(0, 40), (5, 6), (-3, 4), (0, 100_000)])
def test_class_counts_are_those_of_unique(dtype, low, high):
    for size in (0, 1, 1000):
        labels = np.random.default_rng(size).integers(low, high, size).astype(dtype)
        np.testing.assert_array_equal(class_counts(labels), np.unique(labels, return_counts=True)[1])


@pytest.mark.parametrize('dtype', [np.int64, np.int16, np.float32])
@pytest.mark.parametrize(('low', 'high', 'void'), [(0, 40, 255), (0, 40, 7), (-1, 9, -1), (5, 6, 5), (0, 9, 0.5)])
def test_class_counts_leave_out_void(dtype, low, high, void):
    labels = np.random.default_rng(0).integers(low, high, 1000).astype(dtype)
    expected = np.unique(labels[labels != void], return_counts=True)[1]
    np.testing.assert_array_equal(class_counts(labels, void), expected)
