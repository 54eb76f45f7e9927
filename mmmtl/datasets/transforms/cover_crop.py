"""Images of all shapes to one size without empty borders: enlarge until it is covered, cut out a window."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmmtl.datasets.transforms.geometric import crop, resize
from mmmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class CoverCrop(BaseTransform):
    """Every view to H x W: resized, with its proportions kept, to the smallest size that covers H x W; then cropped.

    The place of the window is drawn, the same share of the way for all views of a scene. As with `Resize`, labels are
    resized as their tasks have it, and intrinsics follow.

    Args:
        size: (H, W) in pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = tuple(size)

    def transform(self, results: dict) -> dict:
        place = results['rng'].random(2)
        for view in results['views']:
            covering = covering_size(view['image'].shape[:2], self.size)
            resize(view, covering, results['tasks'])
            top, left = (place * (np.array(covering) - self.size + 1)).astype(int).tolist()
            crop(view, top, left, self.size)
        return results


def covering_size(shape: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """The smallest (H, W) of the proportions of ``shape`` that covers ``size``."""
    covering = np.maximum(np.ceil(np.multiply(shape, np.divide(size, shape).max()) - 1e-6).astype(int), size)
    return tuple(covering.tolist())
