"""Reading image and label files: pictures and arrays alike, and one line about a file that cannot be read."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from mmmtl.errors import DataError, UserError
from mmmtl.files.array_files import read_npy, read_npz, read_pfm
from mmmtl.files.image_files import (
    HOW_TO_TURN,
    image_of,
    indices_of,
    open_picture,
    orientation_of,
    quantities_of,
    size_of,
)

ARRAYS = {'.npy': read_npy, '.npz': read_npz, '.pfm': read_pfm}

T = TypeVar('T')


def read_image(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB as a viewer shows it, see `image_of`; float arrays in [0, 1] are scaled to 255.

    Raises:
        DataError: The file is missing, cut off, too large or no image.
    """
    return read_turned_image(path)[0]


def read_turned_image(path: Path) -> tuple[np.ndarray, int]:
    """`read_image`, and the EXIF orientation 1..8 by which the image has been turned; 1 is not at all."""
    if path.suffix.lower() not in ARRAYS:
        return read(path, lambda: _of_picture(path, image_of))
    image = read_array(path)
    if image.ndim != 3 or image.shape[2] != 3 or not image.size or image.dtype.kind != 'f' and image.dtype != np.uint8:
        raise DataError(f'{path}: expected an RGB image H x W x 3 of 8 bits, found {image.shape} {image.dtype}')
    if image.dtype == np.uint8:
        return image, 1
    if not (image.min() >= 0 and image.max() <= 1):  # false for NaN too
        raise DataError(f'{path}: expected colours in [0, 1], found values outside or NaN')
    return (image * 255).round().astype(np.uint8), 1


def read_array(path: Path) -> np.ndarray:
    """The quantities in a picture (see `quantities_of`), a ``.pfm``, an ``.npy`` or an ``.npz`` of one array.

    Raises:
        DataError: The file is missing, cut off, too large or of another format.
    """
    return _numbers(path, quantities_of)


def read_indices(path: Path) -> np.ndarray:
    """The class numbers in a picture (see `indices_of`), or an array as `read_array` has it.

    Raises:
        DataError: The file is missing, cut off, too large or of another format.
    """
    return _numbers(path, indices_of)


def read_size(path: Path) -> tuple[int, int]:
    """(H, W) that `read_image` would give, mostly from the header.

    Raises:
        DataError: The file is missing, too large or no image.
    """
    if path.suffix.lower() in ARRAYS:
        return read_image(path).shape[:2]
    return read(path, lambda: _of_picture(path, lambda picture, _: size_of(picture)))


def check_unturned(path: Path) -> None:
    """For programs that take the pixels of a picture as they are stored.

    Raises:
        DataError: EXIF turns the picture, or it cannot be read.
    """
    orientation = read(path, lambda: _of_picture(path, lambda picture, _: orientation_of(picture)))
    if orientation > 1:
        raise DataError(f'{path}: EXIF orientation {orientation} turns the image; {HOW_TO_TURN}')


def read(path: Path, reader: Callable[[], T]) -> T:
    """What the reader makes of the file.

    Raises:
        DataError: Whatever the reader raises, in one line that names the file.
    """
    try:
        return reader()
    except UserError:
        raise
    except FileNotFoundError:
        raise DataError(f'{path}: no such file; restore it or remove it from the split') from None
    except Exception as error:  # zlib, zipfile, struct, Pillow: each has its own way to say "damaged"
        reason = ' '.join(str(error).split())
        raise DataError(f'{path}: cannot be read ({type(error).__name__}: {reason}); restore the file') from error


def _of_picture(path: Path, convert: Callable[[Image.Image, str], T]) -> T:
    """Pillow reads the pictures because it refuses a file that is cut off, where OpenCV fills the rest with grey."""
    with open_picture(path) as picture:
        return convert(picture, str(path))


def _numbers(path: Path, convert: Callable[[Image.Image, str], np.ndarray]) -> np.ndarray:
    reader = ARRAYS.get(path.suffix.lower())
    array = read(path, lambda: reader(path) if reader else _of_picture(path, convert))
    if array.dtype.kind not in 'biuf':
        raise DataError(f'{path}: expected numbers, found dtype {array.dtype}')
    return array
