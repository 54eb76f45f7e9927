"""Crop the same window from every image."""

from mmcv.transforms import BaseTransform

from mmmtl.datasets.transforms.geometric import crop
from mmmtl.errors import ConfigError, DataError
from mmmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class FixedCrop(BaseTransform):
    """Crop ``size`` at (top, left), e.g. to remove the bonnet of the car in Cityscapes.

    Args:
        size: Output size (H, W) in pixels.
        top: First row of the window.
        left: First column of the window.

    Raises:
        ConfigError: ``size`` is not positive, or ``top`` or ``left`` is negative.
        DataError: The window exceeds the image.
    """

    def __init__(self, size: tuple[int, int], top: int = 0, left: int = 0) -> None:
        if min(size) < 1 or min(top, left) < 0:
            raise ConfigError(
                f'FixedCrop needs a positive size and top and left >= 0, found {tuple(size)}, {top} and {left}'
            )
        self.size, self.top, self.left = (size[0], size[1]), top, left

    def transform(self, results: dict) -> dict:
        for view in results['views']:
            height, width = view['image'].shape[:2]
            if self.top + self.size[0] > height or self.left + self.size[1] > width:
                raise DataError(
                    f'{view["img_path"]}: {height} x {width} pixels, too few for a window of '
                    f'{self.size[0]} x {self.size[1]} at ({self.top}, {self.left}); change FixedCrop'
                )
            crop(view, self.top, self.left, self.size)
        return results
