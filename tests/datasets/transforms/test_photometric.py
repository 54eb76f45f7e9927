"""Changes of colour: identity when nothing is drawn, the ranges they promise, the same for all views."""

import colorsys

import cv2
import numpy as np
import pytest

from mmmtl.datasets.transforms import PhotometricDistortion
from mmmtl.datasets.transforms.photometric import change_hsv, to_fractions

IMAGE = np.random.default_rng(0).integers(0, 256, (8, 9, 3)).astype(np.uint8)
NOTHING = dict(brightness=0, contrast=(1, 1), saturation=(1, 1), hue=0)


def distort(seed: int, image: np.ndarray = IMAGE, views: int = 1, **options) -> list[np.ndarray]:
    scene = {'views': [{'image': image.copy()} for _ in range(views)], 'rng': np.random.default_rng(seed)}
    return [view['image'] for view in PhotometricDistortion(**options).transform(scene)['views']]


def test_nothing_drawn_changes_nothing():
    for seed in range(10):
        np.testing.assert_array_equal(distort(seed, **NOTHING)[0], IMAGE)


def test_all_views_get_the_same_draw_and_the_key_decides_it():
    for seed in range(10):
        first, second = distort(seed, views=2)
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(first, distort(seed)[0])
    assert len({distort(seed)[0].tobytes() for seed in range(20)}) > 15


def test_labels_and_camera_stay():
    view = {'image': IMAGE, 'labels': {'depth': IMAGE[..., 0]}, 'intrinsics': 'K'}
    after = PhotometricDistortion().transform({'views': [view], 'rng': np.random.default_rng(1)})['views'][0]
    assert after['labels']['depth'] is view['labels']['depth'] and after['intrinsics'] == 'K'
    assert after['image'].dtype == np.uint8 and after['image'].shape == IMAGE.shape


def test_the_caller_keeps_its_image():
    before = IMAGE.copy()
    PhotometricDistortion().transform({'views': [{'image': before}], 'rng': np.random.default_rng(1)})
    np.testing.assert_array_equal(before, IMAGE)


def test_brightness_stays_in_its_range_and_is_drawn_half_of_the_time():
    grey = np.full((2, 2, 3), 100, np.uint8)
    shifts = [int(distort(seed, grey, **(NOTHING | dict(brightness=32)))[0][0, 0, 0]) - 100 for seed in range(200)]
    assert -33 <= min(shifts) < -25 and 25 < max(shifts) <= 32
    assert 70 < sum(shift == 0 for shift in shifts) < 130


def test_contrast_stays_in_its_range():
    grey = np.full((2, 2, 3), 100, np.uint8)
    values = [int(distort(seed, grey, **(NOTHING | dict(contrast=(0.5, 1.5))))[0][0, 0, 0]) for seed in range(200)]
    assert 49 <= min(values) < 60 and 140 < max(values) <= 150


def test_colours_are_cut_off_and_do_not_wrap_around():
    for seed in range(40):
        black, white = (
            distort(seed, np.full((2, 2, 3), value, np.uint8), brightness=200, contrast=(1, 1))[0] for value in (0, 255)
        )
        assert (white >= black).all()


@pytest.mark.parametrize(('saturation', 'turn'), [(1.0, 18.0), (1.0, -60.0), (0.5, 0.0), (1.5, 10.0), (0.0, 0.0)])
def test_hue_and_saturation_against_another_conversion(saturation, turn):
    image = IMAGE.astype(np.float32)
    expected = np.empty_like(image)
    for place in np.ndindex(image.shape[:2]):
        h, s, v = colorsys.rgb_to_hsv(*(image[place] / 255).tolist())
        expected[place] = colorsys.hsv_to_rgb((h + turn / 180) % 1, min(s * saturation, 1), v)
    np.testing.assert_allclose(change_hsv(to_fractions(image), saturation, turn), expected * 255, atol=0.01)


def test_grey_has_no_hue():
    grey = np.full((2, 2, 3), 90, np.float32)
    np.testing.assert_allclose(change_hsv(to_fractions(grey), 1.5, 77.0), grey, atol=1e-3)


def plain_distortion(rng: np.random.Generator, image: np.ndarray, hue: float) -> np.ndarray:
    """The same changes, one after the other on the whole image in floating point."""
    shift = rng.uniform(-32, 32) if rng.random() < 0.5 else 0.0
    contrast = rng.uniform(0.5, 1.5) if rng.random() < 0.5 else 1.0
    saturation = rng.uniform(0.5, 1.5) if rng.random() < 0.5 else 1.0
    turn = rng.uniform(-hue, hue) if rng.random() < 0.5 else 0.0
    contrast_first = rng.random() < 0.5
    values = image.astype(np.float32) + np.float32(shift)
    if contrast_first:
        values *= contrast
    if (saturation, turn) != (1.0, 0.0):
        hsv = cv2.cvtColor(values.clip(0, 255) / np.float32(255), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0] + 2 * turn) % 360
        hsv[..., 1] = (hsv[..., 1] * saturation).clip(0, 1)
        values = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * np.float32(255)
    if not contrast_first:
        values *= contrast
    return values.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize('hue', [18, 180, 400])
@pytest.mark.parametrize('size', [(1, 1), (8, 9), (67, 251), (3, 20_000), (130, 400)])
def test_strips_and_tables_change_no_bit(size, hue):
    image = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    for seed in range(12):
        for given in (image, image[:, ::-1]):
            expected = plain_distortion(np.random.default_rng(seed), given, hue)
            np.testing.assert_array_equal(distort(seed, given, hue=hue)[0], expected)
