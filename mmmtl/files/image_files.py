"""Convert image files to arrays: photographs as a viewer displays them, labels as the stored values."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

from mmmtl.errors import DataError
from mmmtl.files.file_limits import VARIABLE, check_pixels, max_pixels

FORMATS = ('BMP', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'PPM', 'TGA', 'TIFF', 'WEBP')  # none that starts another program
DEEP = ('I', 'F', 'I;16', 'I;16B', 'I;16L', 'I;16N')  # Pillow modes with more than 8 bits
LOSSY = ('JPEG', 'MPO', 'JPEG2000')
HOW_TO_ROTATE = 'rotate its pixels and remove the tag (exiftran -ai for JPEG, mogrify -auto-orient for others)'

warnings.filterwarnings('ignore', category=Image.DecompressionBombWarning)  # check_pixels raises instead


@contextmanager
def open_image(path: Path) -> Iterator[Image.Image]:
    """Open an image file without reading its pixels.

    Raises:
        DataError: The image is too large, or has several frames.
    """
    limit = max_pixels()
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or limit, limit)  # Pillow raises at twice its limit
    with path.open('rb') as file:  # given a path, Pillow 13.0 memory-maps a TIFF and garbles it if EXIF rotates it
        try:
            image = Image.open(file, formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise DataError(f'{path}: {error}; shrink it, or raise the limit of {limit} with {VARIABLE}') from None
        with image:
            check_single_image(image, str(path))
            yield image


def check_single_image(image: Image.Image, name: str) -> None:
    """Check that an image is not too large and has a single frame; a photograph with a preview (MPO) has one.

    Raises:
        DataError: The image is too large, or has several frames.
    """
    check_pixels(name, *image.size)
    frames = getattr(image, 'n_frames', 1)
    if frames > 1 and image.format != 'MPO':
        raise DataError(
            f'{name}: {frames} frames or pages, expected a single image; store each in its own file '
            f'(magick {Path(name).name} frame_%d.png)'
        )


def exif_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1..8, where 1 means not rotated; call this before the pixels are read.

    Returns 1 if EXIF is missing or damaged, as image viewers do.
    """
    if image.format == 'PNG':
        image.load()  # the tag may follow the pixels; damaged pixels must not hide it
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, ValueError, KeyError, TypeError, struct.error):
        return 1
    return found if found in range(1, 9) else 1


def displayed_size(image: Image.Image) -> tuple[int, int]:
    """Return (H, W) after applying the EXIF orientation."""
    width, height = image.size
    swapped = exif_orientation(image) > 4 and image.format != 'TIFF'  # Pillow already swaps those of TIFF
    return (width, height) if swapped else (height, width)


def to_rgb(image: Image.Image, name: str) -> tuple[np.ndarray, int]:
    """Convert an opened image to RGB as a viewer displays it on white.

    The EXIF orientation is applied; palettes, grey levels and CMYK are converted to RGB; transparent pixels are blended
    with white; 16-bit colours are reduced to 8 bits. Colour profiles are ignored.

    Args:
        image: Image whose pixels have not been loaded yet if it comes from a file.
        name: Name of the image in error messages.

    Returns:
        RGB (H, W, 3) uint8, and the EXIF orientation that was applied (1 for none).

    Raises:
        DataError: The image has more than 8 bits per grey level, several frames or CIELAB colours, or is too large.
    """
    check_single_image(image, name)
    if image.mode in DEEP:  # Pillow would clip values above 255 to white
        raise DataError(
            f'{name}: expected 8 bits per channel, found grey levels of 16 bits or more (mode '
            f'{image.mode}); scale them to 8 bits, or to [0, 1] in an H x W x 3 .npy file'
        )
    if image.mode == 'LAB':
        raise DataError(f'{name}: expected colours in RGB, found CIELAB; convert it (magick IN -colorspace sRGB OUT)')
    orientation = exif_orientation(image)
    image.load()
    if orientation > 1:
        image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert('RGBA')
        image = Image.alpha_composite(Image.new('RGBA', image.size, 'white'), image)
    return np.array(image if image.mode == 'RGB' else image.convert('RGB')), orientation


def to_quantities(image: Image.Image, name: str) -> np.ndarray:
    """Return the stored values of an opened label image: (H, W), or (H, W, 3) if it has colours.

    A palette is converted to its colours, or to one channel if all of them are grey. Grey levels of 2 or 4 bits are
    scaled to 0..255.

    Raises:
        DataError: The image is too large, has several frames, an EXIF rotation or an alpha channel, or a format of
            which Pillow would drop bits.
    """
    stored = check_label(image, name)
    if image.has_transparency_data:
        raise DataError(
            f'{name}: a label with an alpha channel or a transparent colour; store it without, and mark '
            'unknown pixels by a value'
        )
    if image.mode == 'RGB' and ';16' in stored:
        raise DataError(
            f'{name}: 16-bit colours, of which 8 bits would be lost; store the label as .npy: '
            'numpy.save(path, cv2.imread(name, cv2.IMREAD_UNCHANGED)[..., ::-1])'
        )
    if image.mode == 'P':
        colours = np.array(image.convert('RGB'))
        return colours[..., 0] if (colours == colours[..., :1]).all() else colours
    if image.mode not in ('1', 'L', 'RGB', *DEEP):
        raise DataError(f'{name}: a label of mode {image.mode}; store it as grey levels or RGB')
    return _native(image)


def to_class_indices(image: Image.Image, name: str) -> np.ndarray:
    """Return the class indices (H, W) of an opened label image: its stored grey levels or palette indices.

    Raises:
        DataError: As for `to_quantities`; or the image has colours, is a JPEG, or has grey levels of 2 or 4 bits.
    """
    stored = check_label(image, name)
    if image.format in LOSSY or image.info.get('compression') == 'jpeg':
        raise DataError(f'{name}: JPEG changes the class indices of a label; create it again as PNG')
    if image.mode in ('LA', 'PA', 'RGBA'):
        raise DataError(f'{name}: a label with an alpha channel; store the class indices as grey levels or palette')
    if image.mode not in ('1', 'L', 'P', *DEEP):
        raise DataError(
            f'{name}: expected one class index per pixel, found colours (mode {image.mode}); read them with '
            'mmmtl.datasets.label_readers.class_files.ClassColourFile(path, {(r, g, b): class})'
        )
    if stored.startswith(('L;', '1;I')):
        raise DataError(
            f'{name}: grey levels of 2 or 4 bits, or with white as 0, which image libraries rescale; store the class '
            'indices with 8 bits'
        )
    return _native(image)


def check_label(image: Image.Image, name: str) -> str:
    """Return Pillow's raw mode of a label image, e.g. ``'RGB;16B'``, or ``''`` if unknown.

    Raises:
        DataError: The image is too large, has several frames or an EXIF rotation, or is a PPM whose values Pillow
            would rescale.
    """
    tiles = getattr(image, 'tile', ())  # only images from files have tiles, until their pixels are read
    arguments = tiles[0].args if tiles else ''
    check_single_image(image, name)
    if (orientation := exif_orientation(image)) > 1:
        raise DataError(f'{name}: a label with EXIF orientation {orientation}; {HOW_TO_ROTATE}')
    if not isinstance(arguments, tuple):
        return str(arguments)
    if image.format == 'PPM' and len(arguments) == 2 and arguments[1] != 255:
        raise DataError(f'{name}: values up to {arguments[1]}, which image libraries rescale; store the label as PNG')
    return str(arguments[0])


def _native(image: Image.Image) -> np.ndarray:
    """Convert an image to an array in native byte order."""
    array = np.array(image)
    return array.astype(array.dtype.newbyteorder('='), copy=False)
