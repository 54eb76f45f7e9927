"""Inputs to trace a network with, and to compare an exported file with the network."""

from collections.abc import Collection, Iterator

import cv2
import numpy as np
import torch
from torch import Tensor

from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.extras import import_extra


class ExampleInputs:
    """Inputs of an exported network, from one photograph.

    Args:
        photograph: (H, W, 3) uint8 RGB; a sample image of scikit-image if None.
        size: Size (H, W) of the network's input.
        views: Number of views of a scene.
        map_size: Whether the size of the maps is an input.

    Raises:
        MissingExtraError: There is no photograph, and scikit-image is not installed.
    """

    def __init__(self, photograph: np.ndarray | None, size: tuple[int, int], views: int, map_size: bool = True) -> None:
        if photograph is None:
            photograph = import_extra('skimage.data', 'an export without a photograph to compare on').coffee()
        self.photograph, self.size, self.views, self.map_size = photograph, size, views, map_size

    def traced(self, free: Collection[str]) -> dict[str, Tensor]:
        """Return the inputs to trace: of an odd size, which needs padding, if the size is free."""
        height, width = self.size
        size = (height - 3, width - 5) if 'size' in free and min(self.size) > 32 else self.size
        count = 2 if 'batch' in free else 1
        return self._inputs(size, count, (height + 7, width + 11))

    def compared(self, free: Collection[str]) -> Iterator[dict[str, Tensor]]:
        """Yield the inputs to compare: maps of several sizes, and images and batches of several sizes if free.

        Args:
            free: Dimensions that may change between images: ``'batch'``, ``'size'``.
        """
        height, width = self.size
        yield self._inputs(self.size, 1, (0, 0))
        if self.map_size:
            yield self._inputs(self.size, 1, (height * 3 // 2 + 1, width * 2 - 1))
            yield self._inputs(self.size, 1, (height * 2 // 3, width // 2 + 1))
        if 'batch' in free:
            yield self._inputs(self.size, 3, (0, 0))
        if 'size' in free:
            yield self._inputs((max(width - 13, 16), max(height - 22, 16)), 1, (0, 0))
            yield self._inputs((height * 5 // 4, width * 4 // 5 + 1), 1, (height, width))

    def _inputs(self, size: tuple[int, int], count: int, map_size: tuple[int, int]) -> dict[str, Tensor]:
        """Return ``count`` different images or, for a network of several views, these with cameras."""
        count = self.views if self.views > 1 else count
        height, width = size
        wide = cv2.resize(self.photograph, (width + 8 * count, height), interpolation=cv2.INTER_AREA)
        crops = [wide[:, 8 * index : 8 * index + width] for index in range(count)]
        inputs = {'image': torch.stack([to_tensor(crop) for crop in crops])}
        if self.map_size:
            inputs['map_size'] = torch.tensor(map_size)
        if self.views > 1:  # a camera that moves to the right by 5 cm per view
            focal = float(width)
            camera = torch.tensor([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
            poses = torch.eye(4).repeat(count, 1, 1)
            poses[:, 0, 3] = -0.05 * torch.arange(count)
            inputs |= {'intrinsics': camera.repeat(count, 1, 1), 'camera_T_world': poses}
        return inputs
