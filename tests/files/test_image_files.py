"""Pictures of every kind: images as a viewer shows them, labels as numbers, or one line that refuses."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from mmmtl.datasets import LabelFile
from mmmtl.datasets.label_readers.class_files import ClassColourFile, ClassIndexFile
from mmmtl.datasets.label_readers.disparity_files import DepthFromDisparity
from mmmtl.datasets.label_readers.label_images import BinaryMaskFile, NormalFile
from mmmtl.datasets.label_readers.region_files import RegionFile
from mmmtl.files.image_files import to_rgb
from mmmtl.files.reading import read_array, read_image, read_indices, read_size
from mmmtl.tasks import Depth, Edge, Normal, SemSeg

SIZE = (5, 7)
RNG = np.random.default_rng(0)
GREY, ALPHA = RNG.integers(0, 256, (2, *SIZE), np.uint8)
RGB = RNG.integers(0, 256, (*SIZE, 3), np.uint8)
INDICES = RNG.integers(0, 4, SIZE, np.uint8)
COLOURS = [200, 10, 10, 10, 200, 10, 10, 10, 200, 50, 50, 50]


def palette(colours: list[int] = COLOURS) -> Image.Image:
    picture = Image.fromarray(INDICES)
    picture.putpalette(colours)
    return picture


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack('>I', len(content)) + name + content + struct.pack('>I', zlib.crc32(name + content))


def raw_png(size: tuple[int, int], bits: int, kind: int, rows: list[bytes], last: bytes = b'') -> bytes:
    """What Pillow does not write: 16 bits per colour, 4 bits of grey, any size in the header, chunks after pixels."""
    header = struct.pack('>IIBBBBB', size[1], size[0], bits, kind, 0, 0, 0)
    pixels = zlib.compress(b''.join(b'\0' + row for row in rows))
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', pixels) + last + chunk(b'IEND', b'')


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    return tags


KINDS: dict[str, Callable[[], Image.Image]] = {
    'bits': lambda: Image.fromarray(GREY > 127),
    'grey': lambda: Image.fromarray(GREY),
    'grey, alpha': lambda: Image.fromarray(np.dstack([GREY, ALPHA]), 'LA'),
    'palette': palette,
    'rgb': lambda: Image.fromarray(RGB),
    'rgba': lambda: Image.fromarray(np.dstack([RGB, ALPHA])),
    'cmyk': lambda: Image.fromarray(np.dstack([RGB, ALPHA]), 'CMYK'),
}


def saved(path: Path, picture: Image.Image, orientation: int = 1, **options) -> Path | None:
    """The file, or None where its format cannot hold the picture."""
    if path.suffix in ('.png', '.jpg', '.tif', '.webp'):
        options['exif'] = exif(orientation)
    elif orientation > 1:
        return None
    try:
        picture.save(path, **options)
    except (OSError, KeyError, ValueError):
        return None
    return path


def shown(path: Path) -> np.ndarray:
    """An image as Pillow's own functions turn it, on white by the formula."""
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        turned = np.array(ImageOps.exif_transpose(picture).convert('RGBA')).astype(float)
    fraction = turned[..., 3:] / 255
    return turned[..., :3] * fraction + 255 * (1 - fraction)


def test_an_image_is_what_a_viewer_shows(tmp_path):
    seen = 0
    for kind, draw in KINDS.items():
        for suffix in ('.png', '.jpg', '.tif', '.webp', '.bmp', '.gif'):
            for orientation in range(1, 9):
                path = saved(tmp_path / f'{kind}{orientation}{suffix}', draw(), orientation)
                if path is None:
                    continue
                image, expected = read_image(path), shown(path)
                assert image.dtype == np.uint8 and image.shape == expected.shape, path
                assert np.abs(image - expected).max() <= 1, path
                assert image.shape[:2] == read_size(path) == (SIZE if orientation < 5 else SIZE[::-1]), path
                seen += 1
    assert seen > 150


def test_a_turned_image_is_the_upright_one(tmp_path):
    turns = {3: lambda a: a[::-1, ::-1], 6: lambda a: np.rot90(a), 8: lambda a: np.rot90(a, -1)}
    for orientation, stored in turns.items():
        path = saved(tmp_path / 'i.png', Image.fromarray(np.ascontiguousarray(stored(RGB))), orientation)
        np.testing.assert_array_equal(read_image(path), RGB)


def test_the_tag_may_stand_behind_the_pixels_or_be_damaged(tmp_path):
    path = tmp_path / 'i.png'
    rows = [row.tobytes() for row in GREY]
    path.write_bytes(raw_png(SIZE, 8, 0, rows, chunk(b'eXIf', exif(3).tobytes()[6:])))
    np.testing.assert_array_equal(read_image(path)[..., 0], GREY[::-1, ::-1])
    path.write_bytes(raw_png(SIZE, 8, 0, rows, chunk(b'eXIf', b'no tags')))
    np.testing.assert_array_equal(read_image(path)[..., 0], GREY)


def test_transparent_colours_show_white(tmp_path):
    path = tmp_path / 'i.png'
    palette().save(path, transparency=2)
    image = read_image(path)
    assert (image[INDICES == 2] == 255).all() and (image[INDICES == 1] == (10, 200, 10)).all()
    Image.fromarray(RGB).save(path, transparency=tuple(RGB[0, 0].tolist()))
    assert read_image(path)[0, 0].tolist() == [255] * 3


def test_colours_of_16_bits_are_an_image_and_no_label(tmp_path, data_error):
    path = tmp_path / 'i.png'
    values = RGB.astype('>u2') * 257
    path.write_bytes(raw_png(SIZE, 16, 2, [row.tobytes() for row in values]))
    np.testing.assert_array_equal(read_image(path), RGB)
    with data_error(path, '16-bit colours, of which 8 bits would be lost'):
        read_array(path)


@pytest.mark.parametrize('values', [GREY.astype(np.uint16), GREY.astype(np.int32), GREY.astype(np.float32)])
def test_deep_grey_is_a_label_and_no_image(tmp_path, data_error, values):
    path = saved(tmp_path / 'd.tif', Image.fromarray(values))
    with data_error(path, 'expected 8 bits per channel, found grey levels of 16 bits or more'):
        read_image(path)
    found = read_array(path)
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)


def test_an_opened_pil_image_is_read_like_its_file(tmp_path):
    for kind, draw in KINDS.items():
        path = saved(tmp_path / f'{kind}.tif', draw(), 6)
        with Image.open(io.BytesIO(path.read_bytes())) as picture:
            image, orientation = to_rgb(picture, 'picture')
        assert orientation == 6
        np.testing.assert_array_equal(image, read_image(path))
    np.testing.assert_array_equal(to_rgb(Image.fromarray(RGB), 'array')[0], RGB)


# -- labels -----------------------------------------------------------------------------------------------------------


def test_classes_are_read_by_index_and_quantities_by_value(tmp_path):
    deep = GREY.astype(np.uint16) * 200
    grey_ramp = [0, 0, 0, 85, 85, 85, 170, 170, 170, 255, 255, 255]
    colours = np.array(COLOURS, np.uint8).reshape(-1, 3)
    for picture, index, quantity in (
        (Image.fromarray(GREY), GREY, GREY),
        (Image.fromarray(deep), deep, deep),
        (Image.fromarray(GREY > 127), GREY > 127, GREY > 127),
        (palette(), INDICES, colours[INDICES]),
        (palette(grey_ramp), INDICES, INDICES * 85),
    ):
        for suffix in ('.png', '.tif', '.bmp'):
            path = saved(tmp_path / f'l{suffix}', picture)
            if path:
                np.testing.assert_array_equal(read_indices(path), index)
                np.testing.assert_array_equal(read_array(path), quantity)


def test_both_byte_orders_are_the_same_numbers(tmp_path):
    for order in '<>':
        values = (GREY * np.uint16(100)).astype(f'{order}u2')
        Image.frombytes('I;16' if order == '<' else 'I;16B', SIZE[::-1], values.tobytes()).save(tmp_path / 'd.tif')
        found = read_array(tmp_path / 'd.tif')
        assert found.dtype == np.uint16
        np.testing.assert_array_equal(found, values)


def frames(path: Path) -> Path:
    first, second = Image.fromarray(GREY), Image.fromarray(255 - GREY)
    first.save(path, save_all=True, append_images=[second])
    return path


CLASSES, METRES, UNIT = SemSeg('semseg', classes=[f'c{n}' for n in range(200)]), Depth('depth'), Normal('normal')
FORMS: dict[str, Callable[[Path], np.ndarray]] = {
    'classes': lambda path: LabelFile(path).load(CLASSES),
    'quantity': lambda path: LabelFile(path, scale=1e-3).load(METRES),
    'table': lambda path: ClassIndexFile(path, (0,) * 256).load(CLASSES),
    'colours': lambda path: ClassColourFile(path, {(0, 0, 0): 0}).load(CLASSES),
    'disparity': lambda path: DepthFromDisparity(path, 1.0, 1.0).load(METRES),
    'binary': lambda path: BinaryMaskFile(path).load(Edge('edge')),
    'normals': lambda path: NormalFile(path).load(UNIT),
    'regions': lambda path: RegionFile(path).load(),
}


@pytest.mark.parametrize('form', FORMS)
def test_invalid_label_images_are_errors(tmp_path, data_error, form):
    alpha = saved(tmp_path / 'alpha.png', KINDS['rgba']())
    grey_alpha = saved(tmp_path / 'grey_alpha.png', KINDS['grey, alpha']())
    turned = [saved(tmp_path / f'turned{n}.png', KINDS['grey'](), n) for n in range(2, 9)]
    turned_tiff = saved(tmp_path / 'turned.tif', KINDS['grey'](), 6)
    for path, match in (
        (alpha, 'alpha channel'),
        (grey_alpha, 'alpha channel'),
        *((path, r'EXIF orientation [2-8]; rotate its pixels') for path in (*turned, turned_tiff)),
        *(
            (frames(tmp_path / f'frames{suffix}'), '2 frames or pages, expected a single image')
            for suffix in ('.png', '.gif', '.tif')
        ),
    ):
        with data_error(path, match):
            FORMS[form](path)


@pytest.mark.parametrize('form', ['classes', 'table', 'regions'])
def test_invalid_class_maps_are_errors(tmp_path, data_error, form):
    four_bits, pgm = tmp_path / 'four.png', tmp_path / 'grey.pgm'
    four_bits.write_bytes(raw_png((1, 2), 4, 0, [b'\x12']))
    pgm.write_bytes(b'P5\n2 1\n20\n\x01\x02')
    for path, match in (
        (saved(tmp_path / 'l.jpg', KINDS['grey']()), 'JPEG changes the class indices'),
        (saved(tmp_path / 'l.tif', KINDS['grey'](), compression='jpeg'), 'JPEG changes'),
        (saved(tmp_path / 'rgb.png', KINDS['rgb']()), 'ClassColourFile'),
        (saved(tmp_path / 'cmyk.tif', KINDS['cmyk']()), 'found colours'),
        (four_bits, 'grey levels of 2 or 4 bits'),
        (pgm, 'values up to 20, which image libraries rescale'),
    ):
        with data_error(path, match):
            FORMS[form](path)


def test_animations_are_no_image_and_photographs_with_a_preview_are(tmp_path, data_error):
    for suffix in ('.png', '.gif', '.tif', '.webp'):
        path = frames(tmp_path / f'frames{suffix}')
        for read in (read_image, read_size):
            with data_error(path, '2 frames or pages'):
                read(path)
    Image.fromarray(RGB).save(tmp_path / 'i.jpg', format='MPO', save_all=True, append_images=[Image.fromarray(RGB)])
    assert Image.open(tmp_path / 'i.jpg').format == 'MPO'
    assert read_image(tmp_path / 'i.jpg').shape == RGB.shape


def test_image_formats_that_run_another_program_are_rejected(tmp_path, data_error):
    Image.fromarray(RGB).save(content := io.BytesIO(), format='EPS')
    path = tmp_path / 'i.jpg'
    path.write_bytes(content.getvalue())
    with data_error(path, 'cannot identify'):
        read_image(path)


def test_an_image_too_large_is_rejected_by_its_header(tmp_path, data_error, recwarn):
    path = tmp_path / 'i.png'
    for size in ((12000, 12000), (65536, 65536)):
        path.write_bytes(raw_png(size, 8, 0, []))
        for read in (read_image, read_array, read_indices, read_size):
            with data_error(path, 'MMMTL_MAX_IMAGE_PIXELS'):
                read(path)
