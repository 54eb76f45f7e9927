"""Class labels whose numbers or colours in the file are not those of the task: looked up in a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.reading import read_array, read_indices
from mmmtl.tasks import Task


@dataclass(frozen=True)
class ClassTable:
    """A picture or array of class numbers; number i of the file becomes ``table[i]``, and unknown where that is None.

    Numbers beyond the table are an error: no class is made up for them.
    """

    path: Path
    table: tuple[int | None, ...]

    def load(self, task: Task) -> np.ndarray:
        """(H, W) int64, the task's void where unknown."""
        raw = read_indices(self.path)
        if raw.dtype.kind not in 'iu' or raw.ndim != 2:
            raise DataError(f'{self.path}: expected H x W class numbers, found {raw.dtype} of shape {raw.shape}')
        if raw.size and not 0 <= raw.min() <= raw.max() < len(self.table):
            raise DataError(
                f'{self.path}: expected class numbers 0..{len(self.table) - 1}, found {raw.min()}..{raw.max()}'
            )
        table = np.array([task.void if number is None else number for number in self.table], np.int64)
        return table[raw]


@dataclass(frozen=True)
class ColourTable:
    """A picture in which every class has a colour; a pixel of colour c becomes ``classes[c]``, unknown if that is None.

    Colours beyond the table are an error: JPEG and smoothed edges make such.

    Args:
        path: Of a picture of 8 bits per colour, or an H x W x 3 array of uint8.
        classes: ``{(red, green, blue): class}``, each 0..255.
    """

    path: Path
    classes: Mapping[tuple[int, int, int], int | None]

    def load(self, task: Task) -> np.ndarray:
        """(H, W) int64, the task's void where unknown."""
        raw = read_array(self.path)
        if raw.ndim == 2:
            raw = np.repeat(raw[..., None], 3, 2)  # all colours are grey levels
        if raw.dtype != np.uint8 or raw.ndim != 3 or raw.shape[2] != 3:
            raise DataError(f'{self.path}: expected RGB of 8 bits, found {raw.dtype} of shape {raw.shape}')
        colours = np.array(sorted(self.classes))  # (K, 3)
        numbers = np.array(
            [
                task.void if self.classes[tuple(colour)] is None else self.classes[tuple(colour)]
                for colour in colours.tolist()
            ],
            np.int64,
        )
        known, found = code(colours), code(raw)
        place = np.searchsorted(known, found).clip(max=len(known) - 1)
        if (unknown := known[place] != found).any():
            row, column = np.argwhere(unknown)[0]
            raise DataError(
                f'{self.path}: colour {tuple(raw[row, column].tolist())} at row {row}, column {column} is '
                f'none of the {len(known)} of the table; add it, or make the label again without smoothing'
            )
        return numbers[place]


def code(colours: np.ndarray) -> np.ndarray:
    """(..., 3) of 0..255 -> one number each, in the order of the colours."""
    red, green, blue = np.moveaxis(colours.astype(np.int64), -1, 0)
    return red << 16 | green << 8 | blue
