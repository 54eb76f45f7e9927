"""Resize and crop images of any shape to one size without padding."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmmtl.datasets.transforms.geometric import crop, resize
from mmmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class CoverCrop(BaseTransform):
    """Resize every view to the smallest size of the same aspect ratio that covers H x W, then crop randomly to H x W.

    All views of a scene are cropped at the same relative position. Labels are resized by `Task.resize`, and intrinsics
    are updated.

    Args:
        size: Output size (H, W) in pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size[0], size[1]

    def transform(self, results: dict) -> dict:
        position = results['rng'].random(2)
        for view in results['views']:
            covering = covering_size(view['image'].shape[:2], self.size)
            resize(view, covering, results['tasks'])
            top, left = (position * (np.array(covering) - self.size + 1)).astype(int).tolist()
            crop(view, top, left, self.size)
        return results


def covering_size(shape: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Return the smallest (H, W) with the aspect ratio of ``shape`` that covers ``size``."""
    covering = np.maximum(np.ceil(np.multiply(shape, np.divide(size, shape).max()) - 1e-6).astype(int), size)
    return tuple(covering.tolist())
