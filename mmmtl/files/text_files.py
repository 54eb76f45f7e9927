"""Read text files of any platform: UTF-8 or UTF-16, with or without byte order mark, any line endings."""

import codecs
import re
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError

PLAIN_NUMBERS = re.compile(r'[0-9eE+\-. \t]*').fullmatch
MARKS = ((codecs.BOM_UTF8, 'utf-8-sig'), (codecs.BOM_UTF16_LE, 'utf-16'), (codecs.BOM_UTF16_BE, 'utf-16'))


def read_text(path: Path) -> str:
    """Read a text file in UTF-8, or in UTF-16 if it starts with a byte order mark; the mark is removed.

    Raises:
        OSError: The file is missing or cannot be read.
        ValueError: The file is not UTF-8 or UTF-16 text; the message gives a remedy.
    """
    content = path.read_bytes()
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), 'utf-8')
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f'{error.reason} at byte {error.start}, so it is not {encoding} text; save it as UTF-8'
        ) from None
    if '\0' in text:
        raise ValueError('it contains null bytes, so it is not UTF-8 text; save it as UTF-8')
    return text


def read_lines(path: Path) -> dict[int, str]:
    """Return ``{line number from 1: stripped line}`` of a text file, without blank lines.

    Raises:
        OSError: The file is missing or cannot be read.
        ValueError: The file is not a text file.
    """
    stripped = ((number, line.strip()) for number, line in enumerate(read_text(path).splitlines(), 1))
    return {number: line for number, line in stripped if line}


def read_numbers(path: Path) -> np.ndarray:
    """Read rows of numbers from a text file as (rows, columns) float64; infinity and NaN are allowed.

    Blank lines, and comments from ``#`` to the end of a line, are ignored.

    Raises:
        OSError: The file is missing or cannot be read.
        ValueError: The file has no numbers, something else, or rows of different lengths; the message names the line.
    """
    lines = {number: line for number, line in read_lines(path).items() if not line.startswith('#')}
    if not lines:
        raise ValueError('the file has no numbers')
    if all(map(PLAIN_NUMBERS, lines.values())):  # several times as fast as loadtxt, with the same values
        try:
            rows = [[float(number) for number in line.split()] for line in lines.values()]
        except ValueError:
            rows = [[]]
        if len(set(map(len, rows))) == 1 and rows[0]:
            return np.array(rows)
    try:
        return np.loadtxt(list(lines.values()), ndmin=2)
    except ValueError:
        raise ValueError(_describe_bad_line(lines)) from None


def _describe_bad_line(lines: dict[int, str]) -> str:
    """Describe the first of ``{line number: line}`` that is not a row of numbers as long as the first row."""
    columns = 0
    for number, line in lines.items():
        try:
            found = np.loadtxt([line], ndmin=2).shape[1]
        except ValueError:
            return f'line {number} is not a row of numbers: {line[:80]!r}'
        columns = columns or found
        if found != columns:
            return f'line {number} has {found} numbers, but the first row has {columns}'
    return 'it is not a table of numbers'


def read_matrix(path: Path, columns: int) -> np.ndarray:
    """Read a text file with ``columns`` finite numbers per row as (rows, columns) float64.

    Raises:
        DataError: The file is missing, or holds something else.
    """
    try:
        values = read_numbers(path)
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: expected rows of {columns} numbers ({error})') from None
    if values.shape[1] != columns:
        raise DataError(f'{path}: expected rows of {columns} numbers, found rows of {values.shape[1]}')
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise DataError(
            f'{path}: expected finite numbers, found {values[row, column]} in row {row + 1}, column {column + 1}'
        )
    return values


def read_intrinsics_file(path: Path) -> np.ndarray:
    """Read intrinsics (3, 3) in pixels from a text file with three rows of three numbers.

    Raises:
        DataError: The file is missing, or holds something else.
    """
    intrinsics = read_matrix(path, columns=3)
    if intrinsics.shape != (3, 3):
        raise DataError(f'{path}: expected 3 x 3 intrinsics, found {intrinsics.shape}')
    return intrinsics


def read_pose_rows(path: Path) -> np.ndarray:
    """Read poses (N, 4, 4) from a text file with the 12 numbers of a 3 x 4 matrix per row.

    Raises:
        DataError: The file is missing, or holds something else.
    """
    rows = read_matrix(path, columns=12)
    poses = np.zeros((len(rows), 4, 4))
    poses[:, :3] = rows.reshape(-1, 3, 4)
    poses[:, 3, 3] = 1
    return poses
