"""Thinning against scikit-image, non-maximum suppression on lines whose course is known."""

import cv2
import numpy as np
import pytest
from skimage import measure
from skimage.morphology import thin as reference_thin

from mmmtl.tasks.thinning import border_fade, suppress_non_maxima, thin, triangle_filter


def blobs(seed: int, size: tuple[int, int] = (50, 70)) -> np.ndarray:
    """Random shapes of random thickness."""
    rng = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(rng.random(size), (0, 0), 0.5 + 3 * rng.random())
    return smooth > np.quantile(smooth, rng.uniform(0.05, 0.95))


@pytest.mark.parametrize('seed', range(25))
def test_thin_equals_scikit_image(seed):
    mask = blobs(seed)
    np.testing.assert_array_equal(thin(mask), reference_thin(mask))


@pytest.mark.parametrize(('value', 'size'), [(False, (5, 6)), (True, (7, 9)), (True, (1, 5)), (True, (1, 1))])
def test_thin_at_the_extremes(value, size):
    mask = np.full(size, value)
    line = thin(mask)
    np.testing.assert_array_equal(line, reference_thin(mask))
    np.testing.assert_array_equal(thin(line), line)
    assert line.dtype == bool and line.any() == mask.any()


@pytest.mark.parametrize('seed', range(10))
def test_thin_goes_around_what_is_fixed(seed):
    mask = blobs(seed)
    fixed = mask & blobs(seed + 100)
    line = thin(mask, fixed)
    assert (line >= fixed).all() and (line <= mask).all() and line.sum() <= mask.sum()
    for connectivity, values in ((2, (mask, line)), (1, (~np.pad(mask, 1), ~np.pad(line, 1)))):  # holes
        assert len({measure.label(one, connectivity=connectivity).max() for one in values}) == 1
    np.testing.assert_array_equal(thin(mask, mask), mask)
    np.testing.assert_array_equal(thin(mask, np.zeros_like(mask)), thin(mask))


def test_thin_leaves_its_argument():
    mask = blobs(0)
    before = mask.copy()
    thin(mask)
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize('degrees', range(0, 180, 15))
def test_a_soft_line_becomes_its_ridge(degrees):
    """Whatever its direction, what stays of a blurred line lies within a pixel of it, and none of the line is lost."""
    y, x = np.mgrid[:64, :64] - 31.5
    angle = np.deg2rad(degrees)
    distance = np.abs(x * np.sin(angle) - y * np.cos(angle))
    strength = np.exp(-(distance**2) / 8)
    ridge = suppress_non_maxima(strength)
    middle = np.hypot(x, y) < 22
    assert distance[(ridge > 0.01) & middle & (strength > 0.05)].max() < 1.0
    covered = cv2.dilate((ridge > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert covered[(distance < 0.5) & middle].all()


def test_strength_fades_towards_the_rim():
    strength = np.zeros((20, 30), np.float32)
    strength[10] = 1
    ridge = suppress_non_maxima(strength, border=5)
    np.testing.assert_allclose(ridge[10, :7], [0, 0.2, 0.4, 0.6, 0.8, 1, 1], rtol=1e-6)
    assert not ridge[[8, 12]].any()
    assert (border_fade((4, 5), 0) == 1).all()


def test_a_plateau_survives_and_its_slope_does_not():
    strength = np.tile(np.array([0, 0, 0, 0.2, 0.5, 1, 1, 0.5, 0.2, 0, 0, 0], np.float32), (12, 1))
    ridge = suppress_non_maxima(strength, border=0)
    assert (ridge[:, 5:7] == 1).all() and not ridge[:, 3:5].any() and not ridge[:, 7:9].any()


def test_triangle_filter():
    values = np.zeros((9, 9), np.float32)
    values[4, 4] = 1
    expected = np.array([1, 2, 3, 2, 1]) / 9
    np.testing.assert_allclose(triangle_filter(values, 2)[4, 2:7], expected * expected[2], rtol=1e-5)
    np.testing.assert_allclose(triangle_filter(np.full((8, 8), 3, np.float32), 4), 3, rtol=1e-5)
