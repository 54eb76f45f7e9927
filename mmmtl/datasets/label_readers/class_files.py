"""Readers of class labels whose indices or colours are mapped to the classes of a task."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.reading import read_array, read_indices
from mmmtl.tasks import Task


@dataclass(frozen=True)
class ClassIndexFile:
    """Label reader of class indices: index i of the file becomes ``table[i]``, unknown if that is None.

    Args:
        path: Image or array (H, W) of integers.
        table: Class of each index of the file; indices beyond the table raise an error.
    """

    path: Path
    table: tuple[int | None, ...]

    def load(self, task: Task) -> np.ndarray:
        """Return (H, W) int64, the task's void where unknown.

        Raises:
            DataError: The file is missing or damaged, or has values that are not in the table.
        """
        raw = read_indices(self.path)
        if raw.dtype.kind not in 'iu' or raw.ndim != 2:
            raise DataError(f'{self.path}: expected H x W class indices, found {raw.dtype} of shape {raw.shape}')
        if raw.size and not 0 <= raw.min() <= raw.max() < len(self.table):
            raise DataError(
                f'{self.path}: expected class indices 0..{len(self.table) - 1}, found {raw.min()}..{raw.max()}'
            )
        table = np.array([task.void if index is None else index for index in self.table], np.int64)
        return table.take(raw)


@dataclass(frozen=True)
class ClassColourFile:
    """Label reader of colour-coded classes: colour c becomes ``classes[c]``, unknown if that is None.

    Other colours, as JPEG and smoothed edges produce them, raise an error.

    Args:
        path: 8-bit RGB image, or uint8 array (H, W, 3).
        classes: ``{(red, green, blue): class}``, each 0..255.
    """

    path: Path
    classes: Mapping[tuple[int, int, int], int | None]

    def load(self, task: Task) -> np.ndarray:
        """Return (H, W) int64, the task's void where unknown.

        Raises:
            DataError: The file is missing or damaged, or has values that are not in the table.
        """
        raw = read_array(self.path)
        if raw.ndim == 2:
            raw = np.repeat(raw[..., None], 3, 2)  # a palette of grey levels only
        if raw.dtype != np.uint8 or raw.ndim != 3 or raw.shape[2] != 3:
            raise DataError(f'{self.path}: expected 8-bit RGB, found {raw.dtype} of shape {raw.shape}')
        colours = np.array(sorted(self.classes))  # (K, 3)
        indices = np.array(
            [
                task.void if self.classes[tuple(colour)] is None else self.classes[tuple(colour)]
                for colour in colours.tolist()
            ],
            np.int64,
        )
        known, found = _pack_rgb(colours), _pack_rgb(raw)
        position = np.searchsorted(known, found).clip(max=len(known) - 1)
        if (unknown := known[position] != found).any():
            row, column = np.argwhere(unknown)[0]
            raise DataError(
                f'{self.path}: colour {tuple(raw[row, column].tolist())} at row {row}, column {column} is '
                f'none of the {len(known)} colours of the table; add it, or create the label again without smoothing'
            )
        return indices.take(position)


def _pack_rgb(colours: np.ndarray) -> np.ndarray:
    """Pack colours (..., 3) of 0..255 into one integer each, which keeps their order."""
    red, green, blue = np.moveaxis(colours.astype(np.int64), -1, 0)
    return red << 16 | green << 8 | blue
