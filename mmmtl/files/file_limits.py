"""How large a picture or an array in a file may be; both are refused by their headers, before memory is taken."""

import os

from mmmtl.errors import ConfigError, DataError

LARGEST = 2**26  # pixels, 8192 x 8192: an RGB picture of 200 MB
BYTES_PER_PIXEL = 16  # arrays may take as many bytes per pixel of the largest picture: 1 GiB
VARIABLE = 'MMMTL_LARGEST_PICTURE'


def largest_picture() -> int:
    """Pixels: the environment variable ``MMMTL_LARGEST_PICTURE``, or 2^26.

    Raises:
        ConfigError: The variable is no positive whole number.
    """
    text = os.environ.get(VARIABLE) or str(LARGEST)
    if not text.isdecimal() or not int(text):
        raise ConfigError(f'{VARIABLE}={text}: expected a number of pixels, e.g. {2 * LARGEST}')
    return int(text)


def check_pixels(name: str, width: int, height: int) -> None:
    """
    Raises:
        DataError: The picture is empty, or larger than `largest_picture`.
    """
    if width < 1 or height < 1:
        raise DataError(f'{name}: the header gives {height} x {width} pixels; restore the file')
    if width * height > largest_picture():
        raise DataError(
            f'{name}: {height} x {width} pixels, but at most {largest_picture()} are read; shrink it, or '
            f'raise the limit by {VARIABLE}={width * height}'
        )


def check_bytes(name: str, size: int) -> None:
    """
    Raises:
        DataError: An array takes more bytes than `BYTES_PER_PIXEL` per pixel of the largest picture.
    """
    if size > BYTES_PER_PIXEL * largest_picture():
        raise DataError(
            f'{name}: {size} bytes, but at most {BYTES_PER_PIXEL * largest_picture()} are read; shrink it, '
            f'or raise the limit by {VARIABLE}={-(-size // BYTES_PER_PIXEL)}'
        )
