"""Read arrays from ``.npy``, ``.npz`` and ``.pfm`` files, after checking the header against the file size."""

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from mmmtl.files.file_limits import check_bytes, check_pixels

MAX_HEADER_LINE = 100  # bytes per line of a PFM header


def read_npy(path: Path) -> np.ndarray:
    """Read the array of an ``.npy`` file; pickled objects are refused.

    Raises:
        ValueError: The file is not a ``.npy`` file, or its header does not match the file size.
        DataError: The array is larger than the limit (`check_bytes`).
    """
    with path.open('rb') as file:
        return _read_npy(file, path.stat().st_size, str(path))


def read_npz(path: Path) -> np.ndarray:
    """Read the only array of an ``.npz`` file.

    Raises:
        ValueError: The file does not hold exactly one array, or the header does not match the size of the data.
        DataError: The array is larger than the limit (`check_bytes`).
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) != 1:
            names = ', '.join(member.filename.removesuffix('.npy') for member in members)
            raise ValueError(f'expected one array, found {names or "none"}')
        (member,) = members
        with archive.open(member) as file:
            return _read_npy(file, member.file_size, str(path))


def _read_npy(file: IO[bytes], size: int, name: str) -> np.ndarray:
    """Read an ``.npy`` stream of ``size`` bytes, header included."""
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f'expected version 1 or 2 of the format, found {version[0]}.{version[1]}')
    shape, _, dtype = (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(file)
    needed, found = math.prod(shape) * dtype.itemsize, size - file.tell()
    if not dtype.hasobject:
        check_bytes(name, needed)
        if needed != found:
            raise ValueError(f'expected {needed} bytes for {shape} {dtype}, found {found}')
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)


def read_pfm(path: Path) -> np.ndarray:
    """Read a single-channel portable float map (``Pf``) as (H, W) float32, top row first.

    The sign of the scale in the header gives the byte order; its magnitude is ignored, as in Middlebury's own code.

    Raises:
        ValueError: The header is damaged, or does not match the file size.
        DataError: The map is larger than the limit (`check_pixels`).
    """
    with path.open('rb') as file:
        kind, size, scale = (file.readline(MAX_HEADER_LINE).strip() for _ in range(3))
        if kind != b'Pf':
            raise ValueError(f'expected a single-channel float map (Pf), found {kind[:10]!r}')
        fields = size.split()
        if len(fields) != 2 or not all(field.isdigit() for field in fields):
            raise ValueError(f'expected width and height, found {size[:20]!r}')
        width, height = map(int, fields)
        check_pixels(str(path), width, height)
        if not math.isfinite(float(scale)) or not float(scale):
            raise ValueError(f'expected a scale below or above 0, found {scale[:20]!r}')
        found = path.stat().st_size - file.tell()
        if found != 4 * width * height:
            raise ValueError(f'expected {4 * width * height} bytes for {height} x {width} values, found {found}')
        order = '<' if float(scale) < 0 else '>'
        return np.fromfile(file, f'{order}f4').reshape(height, width)[::-1].astype(np.float32)
