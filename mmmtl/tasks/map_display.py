"""How sheets draw the maps of a task: range, unit and key of the colours, and pixels without a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mmmtl.tasks.task import Task

Range = tuple[float, float]


class MapDisplay:
    """The display of a map; by default the colours of `Task.visualize`, without a colour bar.

    Args:
        task: The task of the map.
    """

    unit: str = ''
    """Unit of the numbers at the colour bar."""

    scale: str = ''
    """Maps of one scale share the range of their colours; empty for a range of their own."""

    note: str = ''
    """A sentence below the map."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def known(self, values: np.ndarray) -> np.ndarray:
        """Return the pixels of a map (H, W) or (H, W, C) that have a value, bool (H, W)."""
        known = values != self.task.void
        return known if known.ndim == 2 else known.any(-1)

    def value_range(self, values: np.ndarray) -> Range | None:
        """Return the values (low, high) that the colours of a map span; None if it needs no colour bar."""
        return None

    def draw(self, values: np.ndarray, value_range: Range | None = None) -> np.ndarray:
        """Render a map as uint8 RGB (H, W, 3).

        Args:
            values: (H, W) or (H, W, C).
            value_range: Values (low, high) that the colours span; those of `value_range` if None.
        """
        return self.task.visualize(values)

    def key(self, size: int) -> np.ndarray | None:
        """Return an image (size, size, 3) uint8 RGB that explains the colours; None if there is none."""
        return None


class FractionDisplay(MapDisplay):
    """The display of fractions, from 0 to 1."""

    def value_range(self, values: np.ndarray) -> Range:
        return 0.0, 1.0
