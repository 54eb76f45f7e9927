"""What a picture shows: images as a viewer shows them, labels as the numbers that are stored."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

from mmmtl.errors import DataError
from mmmtl.files.file_limits import VARIABLE, check_pixels, largest_picture

FORMATS = ('BMP', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'PPM', 'TGA', 'TIFF', 'WEBP')  # none that runs another program
DEEP = ('I', 'F', 'I;16', 'I;16B', 'I;16L', 'I;16N')  # Pillow's modes of more than 8 bits
LOSSY = ('JPEG', 'MPO', 'JPEG2000')
HOW_TO_TURN = 'turn its pixels and remove the tag (exiftran -ai for JPEG, mogrify -auto-orient for others)'

warnings.filterwarnings('ignore', category=Image.DecompressionBombWarning)  # it would only precede our own error


@contextmanager
def open_picture(path: Path) -> Iterator[Image.Image]:
    """A picture whose pixels are not yet read.

    Raises:
        DataError: It is too large, or has several frames.
    """
    limit = largest_picture()
    Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or limit, limit)  # Pillow refuses twice as many
    with path.open('rb') as file:  # by its name Pillow maps a TIFF into memory, and 13.0 scrambles one that is turned
        try:
            picture = Image.open(file, formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise DataError(f'{path}: {error}; shrink it, or raise the limit of {limit} by {VARIABLE}') from None
        with picture:
            check_picture(picture, str(path))
            yield picture


def check_picture(picture: Image.Image, name: str) -> None:
    """
    Raises:
        DataError: It is too large, or has several frames. Photographs with a preview (MPO) count as one.
    """
    check_pixels(name, *picture.size)
    frames = getattr(picture, 'n_frames', 1)
    if frames > 1 and picture.format != 'MPO':
        raise DataError(
            f'{name}: {frames} frames or pages, expected a single picture; store each in a file of its own '
            f'(magick {Path(name).name} frame_%d.png)'
        )


def orientation_of(picture: Image.Image) -> int:
    """How a viewer turns it: EXIF's 1..8, where 1 is not at all; to be asked before the pixels are read.

    1 also where the tag or all of EXIF is damaged, as in viewers.
    """
    if picture.format == 'PNG':
        picture.load()  # the tag may stand behind the pixels, whose damage is no damage of the tag
    try:
        found = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, ValueError, KeyError, TypeError, struct.error):
        return 1
    return found if found in range(1, 9) else 1


def size_of(picture: Image.Image) -> tuple[int, int]:
    """(H, W) of what a viewer shows."""
    width, height = picture.size
    turned = orientation_of(picture) > 4 and picture.format != 'TIFF'  # for which Pillow has exchanged them
    return (width, height) if turned else (height, width)


def image_of(picture: Image.Image, name: str) -> tuple[np.ndarray, int]:
    """An opened picture as a viewer shows it on a white page: (H, W, 3) uint8 RGB, and its `orientation_of`.

    Turned as EXIF says; palettes, grey levels and CMYK become RGB; what is transparent shows white; of colours of 16
    bits the upper 8 count. Colour profiles are not applied.

    Args:
        picture: Of any origin; one that Pillow has opened should not have been loaded before.
        name: For errors.

    Raises:
        DataError: Grey levels of more than 8 bits, several frames, or too large.
    """
    check_picture(picture, name)
    if picture.mode in DEEP:  # Pillow would turn all that is above 255 white
        raise DataError(
            f'{name}: expected colours of 8 bits, found grey levels of 16 bits or more (mode '
            f'{picture.mode}); scale them to 8 bits, or to [0, 1] in an H x W x 3 .npy file'
        )
    if picture.mode == 'LAB':
        raise DataError(f'{name}: expected colours in RGB, found CIELAB; convert it (magick IN -colorspace sRGB OUT)')
    orientation = orientation_of(picture)
    picture.load()
    if orientation > 1:
        picture = ImageOps.exif_transpose(picture)
    if picture.has_transparency_data:
        picture = picture.convert('RGBA')
        picture = Image.alpha_composite(Image.new('RGBA', picture.size, 'white'), picture)
    return np.array(picture if picture.mode == 'RGB' else picture.convert('RGB')), orientation


def quantities_of(picture: Image.Image, name: str) -> np.ndarray:
    """The numbers of an opened label picture as they are stored, (H, W), or (H, W, 3) where it has colours.

    Those of a palette are its colours, or its grey levels if it has no others.

    Raises:
        DataError: It is too large, has several frames, is turned by EXIF, has an alpha channel, or Pillow would not
            give all of its bits.
    """
    stored = check_label(picture, name)
    if picture.has_transparency_data:
        raise DataError(
            f'{name}: a label with an alpha channel or a transparent colour; store it without, its unknown '
            'pixels marked by a value'
        )
    if picture.mode == 'RGB' and ';16' in stored:
        raise DataError(
            f'{name}: colours of 16 bits, of which 8 would be lost; store the numbers as .npy: '
            'numpy.save(path, cv2.imread(name, cv2.IMREAD_UNCHANGED)[..., ::-1])'
        )
    if picture.mode == 'P':
        numbers = np.array(picture.convert('RGB'))
        return numbers[..., 0] if (numbers == numbers[..., :1]).all() else numbers
    if picture.mode not in ('1', 'L', 'RGB', *DEEP):
        raise DataError(f'{name}: a label of mode {picture.mode}; store it as grey levels or RGB')
    return _native(picture)


def indices_of(picture: Image.Image, name: str) -> np.ndarray:
    """The class numbers (H, W) of an opened label picture: its grey levels as stored, or the indices of its palette.

    Raises:
        DataError: As `quantities_of`; or it has colours, is a JPEG, or holds grey levels of 2 or 4 bits.
    """
    stored = check_label(picture, name)
    if picture.format in LOSSY or picture.info.get('compression') == 'jpeg':
        raise DataError(f'{name}: JPEG changes the class numbers of a label; make it again as PNG')
    if picture.mode in ('LA', 'PA', 'RGBA'):
        raise DataError(f'{name}: a label with an alpha channel; store the class numbers as grey levels or palette')
    if picture.mode not in ('1', 'L', 'P', *DEEP):
        raise DataError(
            f'{name}: expected one number per pixel, found colours (mode {picture.mode}); classes '
            'in colours are read by mmmtl.datasets.label_readers.class_table.ColourTable(path, {(r, g, b): class})'
        )
    if stored.startswith(('L;', '1;I')):
        raise DataError(
            f'{name}: grey levels of 2 or 4 bits, or with white as 0, which readers scale; store the class '
            'numbers with 8 bits'
        )
    return _native(picture)


def check_label(picture: Image.Image, name: str) -> str:
    """How its pixels are stored, in Pillow's words, e.g. ``'RGB;16B'``; empty where Pillow does not tell.

    Raises:
        DataError: It is too large, has several frames, is turned by EXIF, or Pillow would scale its numbers.
    """
    arguments = picture.tile[0].args if picture.tile else ''  # gone once the pixels are read
    check_picture(picture, name)
    if (orientation := orientation_of(picture)) > 1:
        raise DataError(f'{name}: a label with EXIF orientation {orientation}; {HOW_TO_TURN}')
    if not isinstance(arguments, tuple):
        return str(arguments)
    if picture.format == 'PPM' and len(arguments) == 2 and arguments[1] != 255:
        raise DataError(f'{name}: numbers up to {arguments[1]}, which readers scale; store the label as PNG')
    return str(arguments[0])


def _native(picture: Image.Image) -> np.ndarray:
    """Its array in the byte order of this machine."""
    array = np.array(picture)
    return array.astype(array.dtype.newbyteorder('='), copy=False)
