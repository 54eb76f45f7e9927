"""Visualization of what a cost volume finds: the depth of its best plane, and the confidence in it."""

from collections.abc import Mapping

import numpy as np

from mmmtl.tasks import Depth, Task


class MatchConfidenceMap:
    """Visualizes the softmax probability of the best plane in grey levels.

    Its square root is shown, so that a probability of 1/128, that of one of 128 equal planes, is not black.
    """

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """Colour a map (H, W) with values in [0, 1] as an RGB image (H, W, 3), uint8."""
        grey = 255 * np.sqrt(np.nan_to_num(values).clip(0, 1))
        return np.repeat(grey[..., None], 3, axis=-1).astype(np.uint8)

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        """Return no entries; grey levels need none."""
        return []


def match_visualizers(tasks: Mapping[str, Task]) -> dict[str, Task | MatchConfidenceMap]:
    """Return the visualizers of the maps of `CrossViewModule.visual_maps`.

    Depth has the colours of the model's own depth task, if there is one.
    """
    own = [task for task in tasks.values() if task.quantity == 'depth']
    return {'matched': own[0] if own else Depth('matched'), 'confidence': MatchConfidenceMap()}
