"""What a cost volume shows of itself beside the predictions: the depth of its best plane, and how sure it is."""

from collections.abc import Mapping

import numpy as np

from mmmtl.tasks import Depth, Task


class Confidence:
    """Shares in [0, 1] as grey levels, the square root of the share, so that one of 128 planes is not black."""

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """A map (H, W) -> picture (H, W, 3), uint8 RGB."""
        grey = 255 * np.sqrt(np.nan_to_num(values).clip(0, 1))
        return np.repeat(grey[..., None], 3, axis=-1).astype(np.uint8)

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        """Grey speaks for itself."""
        return []


def match_drawers(tasks: Mapping[str, Task]) -> dict[str, Task | Confidence]:
    """How the maps of `CrossViewModule.explain` are drawn: depth in the colours of the network's own depth."""
    own = [task for task in tasks.values() if task.quantity == 'depth']
    return {'matched': own[0] if own else Depth('matched'), 'confidence': Confidence()}
