"""Arrays in ``.npy``, ``.npz`` and ``.pfm`` files; headers are checked against the file."""

import math
import zipfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from mmmtl.files.file_limits import check_bytes, check_pixels

LONGEST_LINE = 100  # bytes, of a PFM header


def read_npy(path: Path) -> np.ndarray:
    """The array of an ``.npy`` file; pickles are refused.

    Raises:
        ValueError: It is none, or its header promises another size than the file has.
        DataError: It is too large.
    """
    with path.open('rb') as file:
        return _read_npy(file, path.stat().st_size, str(path))


def read_npz(path: Path) -> np.ndarray:
    """The array of an ``.npz`` file that holds one.

    Raises:
        ValueError: It holds none, or several, or promises another size than it has.
        DataError: It is too large.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) != 1:
            names = ', '.join(member.filename.removesuffix('.npy') for member in members)
            raise ValueError(f'expected one array, found {names or "none"}')
        (member,) = members
        with archive.open(member) as file:
            return _read_npy(file, member.file_size, str(path))


def _read_npy(file: BinaryIO, size: int, name: str) -> np.ndarray:
    """``size`` is what the file or the member takes, in bytes, header included."""
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f'expected version 1 or 2 of the format, found {version[0]}.{version[1]}')
    shape, _, dtype = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(file)
    needed, there = math.prod(shape) * dtype.itemsize, size - file.tell()
    if not dtype.hasobject:
        check_bytes(name, needed)
        if needed != there:
            raise ValueError(f'expected {needed} bytes for {shape} {dtype}, found {there}')
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)


def read_pfm(path: Path) -> np.ndarray:
    """A grey portable float map -> (H, W) float32; its rows go from the bottom to the top.

    The sign of the header's scale is the order of the bytes; its amount is not applied, as in Middlebury's own code.

    Raises:
        ValueError: Its header is damaged, or promises another size than the file has.
        DataError: It is too large.
    """
    with path.open('rb') as file:
        kind, size, scale = (file.readline(LONGEST_LINE).strip() for _ in range(3))
        if kind != b'Pf':
            raise ValueError(f'expected a grey float map (Pf), found {kind[:10]!r}')
        numbers = size.split()
        if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
            raise ValueError(f'expected width and height, found {size[:20]!r}')
        width, height = map(int, numbers)
        check_pixels(str(path), width, height)
        if not math.isfinite(float(scale)) or not float(scale):
            raise ValueError(f'expected a scale below or above 0, found {scale[:20]!r}')
        there = path.stat().st_size - file.tell()
        if there != 4 * width * height:
            raise ValueError(f'expected {4 * width * height} bytes for {height} x {width} values, found {there}')
        order = '<' if float(scale) < 0 else '>'
        return np.fromfile(file, f'{order}f4').reshape(height, width)[::-1].astype(np.float32)
