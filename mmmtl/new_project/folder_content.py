"""Summarize the label files of a folder: channels, data type, and which values occur."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.reading import read_array, read_indices

MAX_FILES_READ = 200  # files of a folder that are read, evenly spread
MAX_DISTINCT_VALUES = 256  # a folder with more distinct values or colours does not hold classes


@dataclass
class FolderContent:
    """A summary of the label files of a folder.

    Args:
        channels: Number of channels, 1 or 3.
        dtype: NumPy's name of the stored type.
        values: Distinct values, or colours packed as 0xRRGGBB, ascending; at most `MAX_DISTINCT_VALUES` + 1 of them.
        median: Median over the files of the median of their positive values; 0 if there are none.
        finite: Whether all values are finite.
        num_files_read: Number of files that were read.
    """

    channels: int
    dtype: str
    values: list[float]
    median: float
    finite: bool
    num_files_read: int

    @property
    def has_few_values(self) -> bool:
        """Whether the values or colours may be those of classes."""
        return len(self.values) <= MAX_DISTINCT_VALUES


def summarize_files(files: Sequence[Path]) -> FolderContent:
    """Summarize label files; at most `MAX_FILES_READ` of them are read, evenly spread.

    Raises:
        DataError: A file cannot be read, or two files are stored in different ways.
    """
    count = min(len(files), MAX_FILES_READ)
    chosen = [files[index * len(files) // count] for index in range(count)]
    stored: dict[tuple[int, str], Path] = {}
    values: set[float] = set()
    medians, finite = [], True
    for path in chosen:
        array = read_label(path)
        stored.setdefault((1 if array.ndim == 2 else array.shape[2], array.dtype.name), path)
        if len(stored) > 1:
            (first_format, other_format), (first_path, other_path) = stored, stored.values()
            raise DataError(
                f'{other_path}: {other_format[0]} channel(s) of {other_format[1]}, but {first_path} has '
                f'{first_format[0]} of {first_format[1]}; move them to separate folders'
            )
        finite = finite and bool(np.isfinite(array).all())
        known = array[np.isfinite(array) & (array > 0)]
        medians += [float(np.median(known))] if known.size else []
        if len(values) <= MAX_DISTINCT_VALUES:
            packed = _packed(array)
            values |= set(np.unique(packed[np.isfinite(packed)])[: MAX_DISTINCT_VALUES + 1].tolist())
    ((channels, dtype),) = stored
    return FolderContent(
        channels,
        dtype,
        sorted(values)[: MAX_DISTINCT_VALUES + 1],
        float(np.median(medians or [0])),
        finite,
        count,
    )


def read_label(path: Path) -> np.ndarray:
    """Read a label as indices if it has one channel or a palette, else as stored.

    Raises:
        DataError: The file cannot be read, or has neither one nor three channels.
    """
    try:
        array = read_indices(path)
    except DataError:
        array = read_array(path)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if not (array.ndim == 2 or array.ndim == 3 and array.shape[2] == 3) or not array.size:
        raise DataError(f'{path}: expected an image of one or three channels, found shape {array.shape}')
    return array


def _packed(array: np.ndarray) -> np.ndarray:
    """Return 8-bit colours as one number per pixel, 0xRRGGBB, and other arrays as they are."""
    if array.ndim == 2 or array.dtype != np.uint8:
        return array
    return (array.astype(np.int64) * (1 << 16, 1 << 8, 1)).sum(-1)


def common_ending(stems: Sequence[str], images: Mapping[str, Path]) -> str | None:
    """Return what follows the name of the image in every name of a label, e.g. ``'_mask'``; None if they differ.

    Args:
        stems: Names of the labels without suffix.
        images: Images by their names without suffix.
    """
    if all(stem in images for stem in stems):
        return ''
    endings = None
    for stem in stems:
        fitting = {stem[length:] for length in range(1, len(stem) + 1) if stem[:length] in images}
        endings = fitting if endings is None else endings & fitting
        if not endings:
            return None
    return min(endings or (), key=len, default=None)
