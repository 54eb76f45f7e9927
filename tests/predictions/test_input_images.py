"""PIL images are read as a viewer shows them; errors name files that are not images."""

import numpy as np
import pytest
from PIL import Image

from mmmtl.errors import DataError
from mmmtl.predictions.input_images import image_name, list_images, to_image_array

COLOURS = np.random.default_rng(0).integers(0, 256, (4, 6, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ('orientation', 'turn'),
    [
        (1, lambda x: x),
        (2, lambda x: x[:, ::-1]),
        (3, lambda x: x[::-1, ::-1]),
        (4, lambda x: x[::-1]),
        (6, lambda x: np.rot90(x, -1)),
        (8, np.rot90),
    ],
)
def test_a_pil_image_is_upright(orientation, turn):
    picture = Image.fromarray(COLOURS)
    picture.getexif()[0x0112] = orientation
    np.testing.assert_array_equal(to_image_array(picture, 'a'), turn(COLOURS))


def test_grey_palette_and_alpha_become_rgb():
    grey = COLOURS[..., 0]
    np.testing.assert_array_equal(to_image_array(Image.fromarray(grey), 'a'), np.dstack([grey] * 3))
    clear = np.dstack([COLOURS, np.zeros_like(grey)])
    np.testing.assert_array_equal(to_image_array(Image.fromarray(clear), 'a'), np.full_like(COLOURS, 255))
    palette = Image.fromarray(COLOURS // 128 * 255).quantize(8)
    np.testing.assert_array_equal(to_image_array(palette, 'a'), COLOURS // 128 * 255)


def test_deep_and_broken_pil_images_are_refused(tmp_path):
    with pytest.raises(DataError, match='a: expected 8 bits per channel'):
        to_image_array(Image.fromarray(np.full((4, 6), 4000, np.uint16)), 'a')
    path = tmp_path / 'cut.png'
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match='a: cannot be read .*; restore the file'):
        to_image_array(Image.open(path), 'a')


def test_folders_are_sorted_and_none_is_an_image(tmp_path):
    for name in ('b.png', 'a.JPG', 'c.txt'):
        (tmp_path / name).touch()
    (tmp_path / '._a.JPG').touch()  # macOS leaves one beside each file on other disks
    (tmp_path / 'd.png').mkdir()
    assert [path.name for path in list_images(tmp_path)] == ['a.JPG', 'b.png']
    with pytest.raises(DataError, match='is a folder in a list of images'):
        to_image_array(tmp_path, 'a')


def test_names():
    assert [image_name(one) for one in ('x/a.png', COLOURS, Image.fromarray(COLOURS), 7)] == [
        'a.png',
        'array',
        'image',
        'int',
    ]
