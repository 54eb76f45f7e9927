"""Maps at the size of the sheet: colours of known pixels, stripes at void pixels."""

import numpy as np
import pytest

from mmmtl.visualization.cells import blend, fit_image, fit_map
from mmmtl.visualization.keys import hatched

RED = np.full((12, 18, 3), (200, 10, 20), np.uint8)


@pytest.mark.parametrize('size', [(12, 18), (24, 36), (6, 9), (4, 6), (5, 7)])
def test_void_is_hatched_and_known_pixels_keep_their_colour(size):
    known = np.zeros((12, 18), bool)
    known[:, :9] = True
    drawn = np.where(known[..., None], RED, 0)
    cell = fit_map(drawn, known, size)
    middle = size[1] / 2
    left, right = cell[:, : int(middle)], cell[:, -int(middle) :]
    assert (left == RED[0, 0]).all()
    np.testing.assert_array_equal(right, hatched(size)[:, -int(middle) :])
    np.testing.assert_array_equal(fit_map(RED, np.ones_like(known), size), np.broadcast_to(RED[0, 0], (*size, 3)))


def test_sparse_values_remain_visible_when_a_map_shrinks():
    """One known pixel of sixteen fills its pixel of the sheet, in its own colour."""
    known = np.zeros((12, 16), bool)
    known[::4, ::4] = True
    assert (fit_map(np.where(known[..., None], RED[0, 0], 0).astype(np.uint8), known, (3, 4)) == RED[0, 0]).all()


def test_images_are_averaged_or_repeated():
    image = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    np.testing.assert_array_equal(fit_image(image, (12, 18)), image.repeat(3, 0).repeat(3, 1))
    np.testing.assert_array_equal(fit_image(image.repeat(3, 0).repeat(3, 1), (4, 6)), image)


def test_an_overlay_shows_the_image_where_there_is_no_value():
    image, known = np.full_like(RED, 100), np.arange(18)[None].repeat(12, 0) < 5
    covered = blend(image, RED, known)
    assert (covered[:, :5] == (150, 55, 60)).all() and (covered[:, 5:] == 100).all()
