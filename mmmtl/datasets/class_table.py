"""Class labels whose numbers in the file are not those of the task: looked up in a table."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.datasets.records import read_array
from mmmtl.errors import DataError
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
        raw = read_array(self.path)
        if raw.dtype.kind not in 'iu' or raw.ndim != 2:
            raise DataError(f'{self.path}: expected H x W class numbers, found {raw.dtype} of shape {raw.shape}')
        if raw.size and not 0 <= raw.min() <= raw.max() < len(self.table):
            raise DataError(f'{self.path}: expected class numbers 0..{len(self.table) - 1}, found '
                            f'{raw.min()}..{raw.max()}')
        table = np.array([task.void if number is None else number for number in self.table], np.int64)
        return table[raw]
