"""Text files as editors of all systems leave them: UTF-8 or UTF-16, with or without byte order mark, any line ends."""

import codecs
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError

MARKS = ((codecs.BOM_UTF8, 'utf-8-sig'), (codecs.BOM_UTF16_LE, 'utf-16'), (codecs.BOM_UTF16_BE, 'utf-16'))


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 where a byte order mark says so; the mark is no part of it.

    Raises:
        OSError: The file is missing or cannot be read.
        ValueError: It is no such text; the message says what to do.
    """
    content = path.read_bytes()
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), 'utf-8')
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f'{error.reason} at byte {error.start}, so no text in {encoding}; save it as UTF-8') from None
    if '\0' in text:
        raise ValueError('it holds bytes of 0, so no text in UTF-8; save it as UTF-8')
    return text


def read_lines(path: Path) -> dict[int, str]:
    """Number, from 1, -> line of a text file, without blanks at both ends; blank lines are left out.

    Raises:
        OSError: The file is missing or cannot be read.
        ValueError: It is no text.
    """
    stripped = ((number, line.strip()) for number, line in enumerate(read_text(path).splitlines(), 1))
    return {number: line for number, line in stripped if line}


def read_numbers(path: Path) -> np.ndarray:
    """Rows of numbers in a text file -> (rows, columns) float64; infinities and NaN are numbers here.

    Raises:
        OSError: The file is missing or cannot be read.
        ValueError: It is empty, or holds something else.
    """
    lines = list(read_lines(path).values())
    if not lines:
        raise ValueError('the file is empty')
    return np.loadtxt(lines, ndmin=2)


def load_numbers(path: Path, columns: int) -> np.ndarray:
    """A text file of rows of ``columns`` numbers -> (rows, columns) float64."""
    try:
        values = read_numbers(path)
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: expected rows of {columns} numbers ({error})') from None
    if values.shape[1] != columns or not np.isfinite(values).all():
        raise DataError(f'{path}: expected rows of {columns} finite numbers, found shape {values.shape}')
    return values
