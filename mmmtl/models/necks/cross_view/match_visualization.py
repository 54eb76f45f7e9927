"""Visualization of what a cost volume finds: the depth of its best plane, and the confidence in it."""

from collections.abc import Mapping

import numpy as np

from mmmtl.tasks import Depth, Task
from mmmtl.tasks.depth_display import DepthDisplay
from mmmtl.tasks.map_display import MapDisplay, Range


class MatchedDepthDisplay(DepthDisplay):
    """The display of matched depth, in the colours of the depth task."""

    note = (
        'depth of the plane of the cost volume at which the views match best, before the network refines it; '
        'not a prediction of the task'
    )


class MatchedDepthMap:
    """Visualizes the depth of the best plane.

    Args:
        task: The depth task whose colours are used.
    """

    def __init__(self, task: Depth) -> None:
        self.task = task

    @property
    def display(self) -> MapDisplay:
        """Range and meaning of the colours."""
        return MatchedDepthDisplay(self.task)

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """Render depth (H, W) in metres as an RGB image (H, W, 3), uint8."""
        return self.task.visualize(values)

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        """Return no entries; there is a colour bar."""
        return []


class MatchConfidenceDisplay(MapDisplay):
    """The display of the probability of the best plane, in grey levels.

    Its square root is shown, so that a probability of 1/128, that of one of 128 equal planes, is not black.
    """

    note = 'probability of the best plane: white where the match is unambiguous, dark where the views do not overlap'

    def __init__(self) -> None:
        """Create the display; it needs no task."""

    def known(self, values: np.ndarray) -> np.ndarray:
        return np.ones(values.shape[:2], bool)

    def value_range(self, values: np.ndarray) -> Range:
        return 0.0, 1.0

    def draw(self, values: np.ndarray, value_range: Range | None = None) -> np.ndarray:
        grey = 255 * np.sqrt(np.nan_to_num(values).clip(0, 1))
        return np.repeat(grey[..., None], 3, axis=-1).astype(np.uint8)


class MatchConfidenceMap:
    """Visualizes the softmax probability of the best plane in grey levels."""

    display = MatchConfidenceDisplay()

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """Render a map (H, W) with values in [0, 1] as an RGB image (H, W, 3), uint8."""
        return self.display.draw(values)

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        """Return no entries; there is a colour bar."""
        return []


def match_visualizers(tasks: Mapping[str, Task]) -> dict[str, MatchedDepthMap | MatchConfidenceMap]:
    """Return the visualizers of the maps of `CrossViewModule.visual_maps`.

    Depth has the colours of the model's own depth task, if there is one.
    """
    depth_tasks = [task for task in tasks.values() if isinstance(task, Depth)]
    return {
        'matched': MatchedDepthMap(depth_tasks[0] if depth_tasks else Depth('matched')),
        'confidence': MatchConfidenceMap(),
    }
