"""The display of depth and of disparity: red is near, blue is far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmmtl.tasks.colours import percentile_range, turbo_colours
from mmmtl.tasks.map_display import MapDisplay, Range

if TYPE_CHECKING:
    from mmmtl.tasks.depth import Depth


class DepthDisplay(MapDisplay):
    """The display of depth in metres: the display range of the task, or the 2nd to 98th percentile of the map."""

    task: Depth
    unit = 'm'
    scale = 'depth'

    def __init__(self, task: Depth) -> None:
        super().__init__(task)

    def known(self, values: np.ndarray) -> np.ndarray:
        return values > 0

    def value_range(self, values: np.ndarray) -> Range:
        return self.task.display_range or percentile_range(values, self.known(values))

    def draw(self, values: np.ndarray, value_range: Range | None = None) -> np.ndarray:
        near, far = value_range or self.value_range(values)
        farness = (values - near) / max(far - near, 1e-6)
        return turbo_colours(1 - farness.clip(0, 1), self.known(values))


class DisparityDisplay(MapDisplay):
    """The display of disparity in focal lengths: the 2nd to 98th percentile of the map."""

    scale = 'disparity'

    def known(self, values: np.ndarray) -> np.ndarray:
        return values > 0

    def value_range(self, values: np.ndarray) -> Range:
        return percentile_range(values, self.known(values))

    def draw(self, values: np.ndarray, value_range: Range | None = None) -> np.ndarray:
        low, high = value_range or self.value_range(values)
        return turbo_colours((values - low) / max(high - low, 1e-9), self.known(values))
