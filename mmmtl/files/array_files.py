"""Read arrays from ``.npy``, ``.npz`` and ``.pfm`` files, after checking the header against the file size."""

import io
import math
import os
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
from numpy.lib import format as npy

from mmmtl.files.file_limits import check_bytes, check_pixels

MAX_HEADER = 20_000  # bytes of an .npy header; NumPy itself refuses texts above 10,000
MAX_HEADER_LINE = 100  # bytes per line of a PFM header


def read_npy(path: Path) -> np.ndarray:
    """Read the array of an ``.npy`` file; pickled objects are refused.

    Raises:
        ValueError: The file is not a ``.npy`` file, or its header does not match the file size.
        DataError: The array is larger than the limit (`check_bytes`).
    """
    with path.open('rb') as file:
        return _read_npy(file, os.fstat(file.fileno()).st_size, str(path))


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
            return _read_npy(cast(io.BufferedIOBase, file), member.file_size, str(path))


def _read_npy(file: io.BufferedIOBase, size: int, name: str) -> np.ndarray:
    """Read an ``.npy`` stream of ``size`` bytes, header included."""
    start = file.read(npy.MAGIC_LEN + 4)
    version = npy.read_magic(io.BytesIO(start))
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f'expected version 1 or 2 of the format, found {version[0]}.{version[1]}')
    width = 2 if version == (1, 0) else 4  # bytes of the length of the header
    length = int.from_bytes(start[npy.MAGIC_LEN : npy.MAGIC_LEN + width], 'little')
    end = min(npy.MAGIC_LEN + width + length, MAX_HEADER)
    header = start + file.read(max(end - len(start), 0))
    shape, is_fortran, dtype = _parse_header(header)
    if dtype.hasobject:
        raise ValueError('Object arrays cannot be loaded when allow_pickle=False')
    needed, found = math.prod(shape) * dtype.itemsize, size - len(header)
    check_bytes(name, needed)
    if needed != found:
        raise ValueError(f'expected {needed} bytes for {shape} {dtype}, found {found}')
    buffer = np.empty(needed, np.uint8)
    if file.readinto(buffer.data) != needed:
        raise ValueError(f'expected {needed} bytes for {shape} {dtype}, found fewer')
    array = buffer.view(dtype)
    return array.reshape(shape[::-1]).transpose() if is_fortran else array.reshape(shape)


@lru_cache(maxsize=64)
def _parse_header(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, Fortran order and dtype. NumPy evaluates the header as Python, and most files have equal ones."""
    file = io.BytesIO(header)
    version = npy.read_magic(file)
    return (npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0)(file)


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
