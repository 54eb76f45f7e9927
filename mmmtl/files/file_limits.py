"""Size limits of image and array files, checked against the header before any memory is allocated."""

import os

from mmmtl.errors import ConfigError, DataError

MAX_PIXELS = 2**26  # 8192 x 8192: an RGB image of 200 MB
BYTES_PER_PIXEL = 16  # an array may have this many bytes per allowed pixel: 1 GiB
VARIABLE = 'MMMTL_MAX_IMAGE_PIXELS'


def max_pixels() -> int:
    """Return the largest number of pixels of an image: ``MMMTL_MAX_IMAGE_PIXELS`` if it is set, else 2^26.

    Raises:
        ConfigError: The environment variable is not a positive integer.
    """
    text = os.environ.get(VARIABLE) or str(MAX_PIXELS)
    if not text.isdecimal() or not int(text):
        raise ConfigError(f'{VARIABLE}={text}: expected a number of pixels, e.g. {2 * MAX_PIXELS}')
    return int(text)


def check_pixels(name: str, width: int, height: int) -> None:
    """Check the size of an image.

    Raises:
        DataError: The image is empty, or larger than `max_pixels`.
    """
    if width < 1 or height < 1:
        raise DataError(f'{name}: the header gives {height} x {width} pixels; restore the file')
    if width * height > max_pixels():
        raise DataError(
            f'{name}: {height} x {width} pixels, but the limit is {max_pixels()}; shrink it, or '
            f'raise the limit with {VARIABLE}={width * height}'
        )


def check_bytes(name: str, size: int) -> None:
    """Check the size of an array in bytes.

    Raises:
        DataError: The array has more than ``BYTES_PER_PIXEL * max_pixels()`` bytes.
    """
    if size > BYTES_PER_PIXEL * max_pixels():
        raise DataError(
            f'{name}: {size} bytes, but the limit is {BYTES_PER_PIXEL * max_pixels()}; shrink it, '
            f'or raise the limit with {VARIABLE}={-(-size // BYTES_PER_PIXEL)}'
        )
