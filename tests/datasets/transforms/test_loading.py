"""Opening a record: what a view then holds, and every label or camera that is refused."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmmtl.datasets import LabelFile, Record, View
from mmmtl.datasets.transforms import LoadViews
from mmmtl.datasets.transforms.loading import narrowed
from mmmtl.errors import DataError
from mmmtl.tasks import Depth, Normal, SemSeg

SIZE = (6, 12)
TASKS = {'semseg': SemSeg('semseg', classes=('a', 'b', 'c')), 'depth': Depth('depth'), 'normal': Normal('normal')}
INTRINSICS = np.array([[9.0, 0, 6], [0, 9, 3], [0, 0, 1]])


def labels(folder: Path, **values: np.ndarray) -> dict[str, LabelFile]:
    for name, array in values.items():
        np.save(folder / f'{name}.npy', array)
    return {name: LabelFile(folder / f'{name}.npy') for name in values}


@pytest.fixture
def load(tmp_path):
    """Load one view; call it with the labels' values and what else the view has."""
    Image.fromarray(np.full((*SIZE, 3), 7, np.uint8)).save(tmp_path / 'image.png')

    def call(tasks=TASKS, camera=(None, None), **values) -> dict:
        view = View(tmp_path / 'image.png', labels(tmp_path, **values), *camera)
        return LoadViews().transform({'record': Record('r', (view,)), 'tasks': tasks})['views'][0]

    return call


def test_a_view_holds_what_is_shown_and_known(load, tmp_path):
    depth = np.full(SIZE, 2.0, np.float32)
    view = load(semseg=np.zeros(SIZE, np.uint8), depth=depth, camera=(INTRINSICS, np.eye(4)))
    assert set(view['labels']) == {'semseg', 'depth'}
    assert view['image'].shape == (*SIZE, 3) and view['image'].dtype == np.uint8
    assert view['img_path'] == str(tmp_path / 'image.png')
    assert view['intrinsics'].dtype == view['camera_T_world'].dtype == torch.float32
    np.testing.assert_array_equal(view['intrinsics'], INTRINSICS)
    only_depth = load(tasks={'depth': TASKS['depth']}, semseg=np.zeros(SIZE, np.uint8), depth=depth)
    assert set(only_depth['labels']) == {'depth'}
    assert set(load(depth=depth)) == {'image', 'labels', 'img_path', 'orientation'}  # no camera


def test_intrinsics_may_be_known_without_a_pose(load):
    view = load(camera=(INTRINSICS, None))
    assert 'intrinsics' in view and 'camera_T_world' not in view


def depth(value: float) -> np.ndarray:
    """A depth map with one wrong value."""
    values = np.full(SIZE, 2.0, np.float32)
    values[1, 2] = value
    return values


def normal(*vector: float) -> np.ndarray:
    values = np.tile(np.float32([0, 0, -1]), (*SIZE, 1))
    values[3, 3] = vector
    return values


@pytest.mark.parametrize(
    ('name', 'values', 'match'),
    [
        ('depth', depth(np.nan), '1 values of depth are NaN or infinite; mark missing values with 0'),
        ('depth', depth(np.inf), '1 values of depth are NaN or infinite'),
        ('depth', depth(-1), 'must be positive metres or 0'),
        ('depth', depth(1)[:-1], r'depth is 5 x 12, but its image .*image.png is 6 x 12'),
        ('depth', depth(1).T.copy(), r'depth is 12 x 6'),
        ('depth', depth(1).ravel(), r'expected H x W values of depth, found shape \(72,\)'),
        ('depth', np.float32(2), r'found shape \(\)'),
        ('depth', np.tile(depth(1)[..., None], 3), r'expected H x W values of depth, found shape \(6, 12, 3\)'),
        ('normal', depth(1), r'expected H x W x 3 values of normal, found shape \(6, 12\)'),
        ('normal', np.tile(depth(1)[..., None], 4), r'found shape \(6, 12, 4\)'),
        ('normal', normal(0, 0, -2), '1 values of normal are neither unit vectors nor'),
        ('normal', normal(0.1, 0, 0), '1 values of normal are neither unit vectors nor'),
        ('normal', normal(np.nan, 0, 0), 'values of normal are NaN or infinite'),
        ('semseg', np.full(SIZE, 3), r'values of semseg must lie in 0\.\.2 or be 255 \(void\), found 3\.\.3'),
        ('semseg', np.full(SIZE, -1), 'found -1..-1'),
        ('semseg', np.full(SIZE, 0.5), 'expected integers for semseg, found fractions'),
        ('semseg', np.full(SIZE, 'a'), 'expected numbers, found dtype <U1'),
    ],
)
def test_a_wrong_label_is_named_in_one_line(load, data_error, tmp_path, name, values, match):
    with data_error(tmp_path / f'{name}.npy', match):
        load(**{name: values})


def test_void_values_pass(load):
    view = load(depth=np.zeros(SIZE), normal=np.zeros((*SIZE, 3)), semseg=np.full(SIZE, 255, np.uint8))
    assert {name: float(np.unique(label).item()) for name, label in view['labels'].items()} == {
        'depth': 0,
        'normal': 0,
        'semseg': 255,
    }


REFLECTION = np.diag([-1.0, 1, 1, 1])


@pytest.mark.parametrize(
    ('camera', 'match'),
    [
        ((INTRINSICS / 9, np.eye(4)), 'intrinsics must be|in pixels'),
        ((INTRINSICS * np.array([[1 / 9], [1 / 9], [1]]), np.eye(4)), 'in pixels, not in image widths'),
        ((INTRINSICS * np.nan, np.eye(4)), 'not finite'),
        ((INTRINSICS, np.eye(4) * 2), 'not a rotation'),
        ((INTRINSICS, REFLECTION), 'not a rotation'),
        ((INTRINSICS, np.eye(3)), r'a pose \(4, 4\)'),
    ],
)
def test_a_camera_that_cannot_be_one_is_refused(load, data_error, tmp_path, camera, match):
    with data_error(tmp_path / 'image.png', match):
        load(camera=camera)


def test_a_pose_without_intrinsics_is_refused(load, data_error, tmp_path):
    with data_error(tmp_path / 'image.png', 'pose but no intrinsics'):
        load(camera=(None, np.eye(4)))


def test_intrinsics_are_checked_without_a_pose_too(load):
    with pytest.raises(DataError, match=r'image\.png: focal lengths must be positive'):
        load(camera=(np.diag([-9.0, 9, 1]), None))


@pytest.mark.parametrize(('apart', 'warned'), [(0.0, True), (1e-4, True), (0.05, False)])
def test_views_at_the_same_position_are_an_error_that_names_them(tmp_path, apart, warned):
    Image.fromarray(np.full((*SIZE, 3), 7, np.uint8)).save(tmp_path / 'image.png')
    moved = np.eye(4)
    moved[0, 3] = apart
    views = tuple(View(tmp_path / 'image.png', {}, INTRINSICS, pose) for pose in (np.eye(4), moved))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        results = LoadViews().transform({'record': Record('hall/3', views), 'tasks': TASKS})
    assert len(results['views']) == 2
    told = [str(warning.message) for warning in caught]
    assert [('hall/3' in text and 'no parallax' in text) for text in told] == [True] * warned


# -- images that EXIF turns -------------------------------------------------------------------------------------------


def turned_view(folder: Path, orientation: int, camera=(None, None), size: tuple[int, int] = SIZE, **values) -> View:
    tags = Image.Exif()
    tags[274] = orientation
    Image.fromarray(np.zeros((*size, 3), np.uint8)).save(folder / 'turned.png', exif=tags)
    return View(folder / 'turned.png', labels(folder, **values), *camera)


def opened(*views: View) -> list[dict]:
    return LoadViews().transform({'record': Record('r', views), 'tasks': TASKS})['views']


def test_labels_are_those_of_the_turned_image(tmp_path, data_error):
    stored, shown = np.full(SIZE, 2.0, np.float32), np.full(SIZE[::-1], 2.0, np.float32)
    (view,) = opened(turned_view(tmp_path, 6, depth=shown))
    assert view['image'].shape[:2] == view['labels']['depth'].shape == SIZE[::-1] and view['orientation'] == 6
    with data_error(tmp_path / 'depth.npy', '6 x 12, but its image .* is 12 x 6 after its EXIF orientation 6; '):
        opened(turned_view(tmp_path, 6, depth=stored))
    (view,) = opened(turned_view(tmp_path, 3, depth=stored))
    assert view['orientation'] == 3


def test_a_camera_of_a_turned_image_is_refused_unless_it_fits_both_ways(tmp_path, data_error):
    off_centre = INTRINSICS + np.array([[0, 0, 0.5], [0, 0, 0], [0, 0, 0]])
    (view,) = opened(turned_view(tmp_path, 3, (INTRINSICS, None)))
    np.testing.assert_array_equal(view['intrinsics'], INTRINSICS)
    for orientation, intrinsics, size in ((3, off_centre, SIZE), (2, off_centre, SIZE), (6, INTRINSICS, SIZE[::-1])):
        with data_error(
            tmp_path / 'turned.png',
            f'EXIF orientation {orientation} rotates the image, and it is unknown whether its intrinsics',
        ):
            opened(turned_view(tmp_path, orientation, (intrinsics, None), size))
    opened(turned_view(tmp_path, 1, (off_centre, None)))


def test_poses_of_several_views_want_images_as_they_are_stored(tmp_path, data_error):
    moved = np.eye(4)
    moved[0, 3] = 0.1
    turned = turned_view(tmp_path, 3, (INTRINSICS, moved))
    opened(turned)
    Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save(tmp_path / 'image.png')
    with data_error(
        tmp_path / 'turned.png', 'EXIF orientation 3 rotates the image, and it is unknown whether its pose'
    ):
        opened(View(tmp_path / 'image.png', {}, INTRINSICS, np.eye(4)), turned)


@pytest.mark.parametrize('dtype', [np.uint8, np.int16, np.int32, np.uint16, np.int64])
@pytest.mark.parametrize(('low', 'high'), [(0, 2), (-1, 40), (0, 30_000), (0, 60_000), (-40_000, 3)])
def test_classes_are_16_bit_where_they_fit_and_keep_their_values(dtype, low, high):
    label = np.random.default_rng(0).integers(low, high, (50, 60))
    label[0, :2] = low, high  # the limits occur
    label = label.clip(np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype)
    found = narrowed(label, TASKS['semseg'])
    np.testing.assert_array_equal(found, label)
    fits = np.iinfo(np.int16).min <= label.min() and label.max() <= np.iinfo(np.int16).max
    assert found.dtype == (np.int16 if fits else dtype)


def test_quantities_and_void_values_beyond_16_bits_stay():
    depth = np.ones((3, 4), np.float32)
    assert narrowed(depth, TASKS['depth']) is depth
    task = SemSeg('semseg', classes=('a', 'b'))
    task.void = 70_000
    classes = np.ones((3, 4), np.int64)
    assert narrowed(classes, task) is classes
