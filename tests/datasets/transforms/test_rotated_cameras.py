"""Cameras of turned images: a point is seen at the pixel to which Pillow moves it."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from mmmtl.datasets.transforms.rotated_cameras import AXES, is_rotation_invariant, rotated_intrinsics

INTRINSICS = np.array([[9.0, 0.2, 5], [0, 8, 4], [0, 0, 1]])
STORED = (7, 11)


@pytest.mark.parametrize('orientation', range(1, 9))
def test_a_pixel_and_its_point_move_together(orientation):
    row, column = 2, 8
    stored = np.zeros(STORED, np.uint8)
    stored[row, column] = 255
    picture = Image.fromarray(stored)
    picture.getexif()[274] = orientation
    shown = np.array(ImageOps.exif_transpose(picture))
    point = np.linalg.inv(INTRINSICS) @ [column + 0.5, row + 0.5, 1]
    point[:2] = np.array(AXES[orientation]) @ point[:2]
    x, y, _ = rotated_intrinsics(INTRINSICS, orientation, shown.shape) @ point
    assert np.argwhere(shown).tolist() == [[int(y), int(x)]]
    np.testing.assert_allclose((x % 1, y % 1), 0.5, atol=1e-9)


def test_only_a_camera_without_a_side_fits_both():
    centred = np.array([[9.0, 0, 5.5], [0, 9, 3.5], [0, 0, 1]])
    off = centred + np.array([[0, 0, 1], [0, 0, 0], [0, 0, 0]])
    assert [is_rotation_invariant(centred, o, STORED) for o in range(1, 5)] == [True] * 4
    assert [is_rotation_invariant(off, o, STORED) for o in range(1, 5)] == [True, False, False, True]
    assert not any(is_rotation_invariant(centred, o, STORED[::-1]) for o in range(5, 9))
    square = np.array([[9.0, 0, 5], [0, 9, 5], [0, 0, 1]])
    assert all(is_rotation_invariant(square, o, (10, 10)) for o in range(1, 9))
