"""The crop of ImageNet training: a random part of the image, resized to a fixed size."""

import math
from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmmtl.datasets.transforms.geometric import crop, resize
from mmmtl.errors import ConfigError
from mmmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomResizedCrop(BaseTransform):
    """Crop a window of random area and aspect ratio and resize it to H x W, like torchvision's transform of this name.

    All views of a scene have the same relative window. Labels are resized by `Task.resize`, and intrinsics are updated.

    Args:
        size: Output size (H, W) in pixels.
        area: Minimum and maximum area of the window, as fractions of the image, in (0, 1]; drawn uniformly.
        aspect: Minimum and maximum width / height of the window; its logarithm is drawn uniformly.

    Raises:
        ConfigError: A range is empty or not a pair, an area lies outside (0, 1], or an aspect is not above 0.
    """

    def __init__(
        self,
        size: tuple[int, int],
        area: Sequence[float] = (0.08, 1.0),
        aspect: Sequence[float] = (3 / 4, 4 / 3),
    ) -> None:
        if len(area) != 2 or not 0 < area[0] <= area[1] <= 1:
            raise ConfigError(f'RandomResizedCrop.area must be (minimum, maximum) in (0, 1], found {tuple(area)}')
        if len(aspect) != 2 or not 0 < aspect[0] <= aspect[1] < math.inf:
            raise ConfigError(f'RandomResizedCrop.aspect must be (minimum, maximum) above 0, found {tuple(aspect)}')
        self.size, self.area, self.aspect = (size[0], size[1]), (area[0], area[1]), (aspect[0], aspect[1])

    def transform(self, results: dict) -> dict:
        rng: np.random.Generator = results['rng']
        shape = results['views'][0]['image'].shape[:2]
        window = self.draw(rng, shape)
        position = rng.random(2)
        for view in results['views']:
            own = np.array(view['image'].shape[:2])
            length = np.maximum((window * own).round().astype(int), 1)
            top, left = (position * (own - length + 1)).astype(int).tolist()
            crop(view, top, left, (int(length[0]), int(length[1])))
            resize(view, self.size, results['tasks'])
        return results

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        """Draw the height and width of the window as fractions of the image.

        A window that does not fit is drawn again, up to ten times; then the largest window of an allowed aspect
        ratio is taken.
        """
        height, width = shape
        for _ in range(10):
            area = height * width * rng.uniform(*self.area)
            aspect = math.exp(rng.uniform(*np.log(self.aspect)))
            size = np.array([math.sqrt(area / aspect), math.sqrt(area * aspect)])
            if (size <= (height, width)).all():
                return size / (height, width)
        ratio = min(max(width / height, self.aspect[0]), self.aspect[1])
        return np.array([min(height, width / ratio), min(width, height * ratio)]) / (height, width)
