"""Read image and label files of any format; a file that cannot be read raises an error that names it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from mmmtl.errors import DataError, UserError
from mmmtl.files.array_files import read_npy, read_npz, read_pfm
from mmmtl.files.image_files import (
    HOW_TO_ROTATE,
    displayed_size,
    exif_orientation,
    open_image,
    to_class_indices,
    to_quantities,
    to_rgb,
)

ARRAYS = {'.npy': read_npy, '.npz': read_npz, '.pfm': read_pfm}

T = TypeVar('T')


def read_image(path: Path) -> np.ndarray:
    """Read an image as RGB (H, W, 3) uint8, as a viewer displays it (see `to_rgb`).

    Floating-point arrays in [0, 1] are multiplied by 255.

    Raises:
        DataError: The file is missing, truncated, too large or not an image.
    """
    return read_oriented_image(path)[0]


def read_oriented_image(path: Path) -> tuple[np.ndarray, int]:
    """Like `read_image`, but also return the EXIF orientation, 1..8, that was applied (1 for none).

    Raises:
        DataError: See `read_image`.
    """
    if path.suffix.lower() not in ARRAYS:
        return read(path, lambda: _convert_image(path, to_rgb))
    image = read_array(path)
    if image.ndim != 3 or image.shape[2] != 3 or not image.size or image.dtype.kind != 'f' and image.dtype != np.uint8:
        raise DataError(f'{path}: expected an 8-bit RGB image H x W x 3, found {image.shape} {image.dtype}')
    if image.dtype == np.uint8:
        return image, 1
    if not (image.min() >= 0 and image.max() <= 1):  # false for NaN too
        raise DataError(f'{path}: expected colours in [0, 1], found values outside or NaN')
    scaled = image * 255
    return np.rint(scaled, out=scaled).astype(np.uint8), 1


def read_array(path: Path) -> np.ndarray:
    """Read the stored values of an image file (see `to_quantities`), ``.pfm``, ``.npy`` or single-array ``.npz`` file.

    Raises:
        DataError: The file is missing, truncated, too large or of a different format.
    """
    return _read_values(path, to_quantities)


def read_indices(path: Path) -> np.ndarray:
    """Read the class indices of an image file (see `to_class_indices`), or an array like `read_array`.

    Raises:
        DataError: The file is missing, truncated, too large or of a different format.
    """
    return _read_values(path, to_class_indices)


def read_size(path: Path) -> tuple[int, int]:
    """Return (H, W) of the image that `read_image` would return, from the header where possible.

    Raises:
        DataError: The file is missing, too large or not an image.
    """
    if path.suffix.lower() in ARRAYS:
        return read_image(path).shape[:2]
    return read(path, lambda: _convert_image(path, lambda image, _: displayed_size(image)))


def check_unrotated(path: Path) -> None:
    """Check that an image has no EXIF rotation, for programs that ignore the tag.

    Raises:
        DataError: EXIF rotates the image, or it cannot be read.
    """
    orientation = read(path, lambda: _convert_image(path, lambda image, _: exif_orientation(image)))
    if orientation > 1:
        raise DataError(f'{path}: EXIF orientation {orientation} rotates the image; {HOW_TO_ROTATE}')


def read(path: Path, reader: Callable[[], T]) -> T:
    """Call ``reader`` and turn its errors into a `DataError` that names the file.

    Raises:
        DataError: The reader failed.
    """
    try:
        return reader()
    except UserError:
        raise
    except FileNotFoundError:
        raise DataError(f'{path}: no such file; check the path, restore the file or remove it from the split') from None
    except Exception as error:  # zlib, zipfile, struct and Pillow raise many types for damaged files
        reason = ' '.join(str(error).split())
        raise DataError(f'{path}: cannot be read ({type(error).__name__}: {reason}); restore the file') from error


def _convert_image(path: Path, convert: Callable[[Image.Image, str], T]) -> T:
    """Convert an image file, read with Pillow: it rejects truncated files, which OpenCV fills with grey."""
    with open_image(path) as image:
        return convert(image, str(path))


def _read_values(path: Path, convert: Callable[[Image.Image, str], np.ndarray]) -> np.ndarray:
    reader = ARRAYS.get(path.suffix.lower())
    array = read(path, lambda: reader(path) if reader else _convert_image(path, convert))
    if array.dtype.kind not in 'biuf':
        raise DataError(f'{path}: expected numbers, found dtype {array.dtype}')
    return array
