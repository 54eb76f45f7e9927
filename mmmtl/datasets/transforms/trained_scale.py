"""The scale that a network was trained for: images are brought to it before they are predicted, labels are not."""

import math
from collections.abc import Mapping

from mmcv.transforms import BaseTransform
from torch import Tensor

from mmmtl.datasets.transforms.geometric import resize
from mmmtl.registry import TRANSFORMS

LIMIT = 2.0  # how far the scale by a camera may be from the scale by area; 4 times the pixels, or a quarter


@TRANSFORMS.register_module()
class AtTrainedScale(BaseTransform):
    """The image to the area that the network was trained for; labels, intrinsics and predictions keep the image's own.

    For validation and test, between `LoadViews` and `PackViews`, where images come in sizes that the network has not
    seen. `MultiTaskModel.predict` brings the predictions back to the image's own size, so that they are judged by the
    labels as they are.

    Args:
        trained_for: The config's ``trained_for``, by which it is given; nothing is resized if it is None.
    """

    def __init__(self, trained_for: Mapping | None = None) -> None:
        self.trained_for = trained_for

    def transform(self, results: dict) -> dict:
        if self.trained_for is not None:
            for view in results['views']:
                rescale(view, scale_by_area(view['image'].shape[:2], self.trained_for['size']))
        return results


def rescale(view: dict, scale: float) -> None:
    """Resize the image of a view alone, in place, keeping its proportions; ``ori_shape`` (H, W) is what it had."""
    height, width = shape = view['image'].shape[:2]
    alone = {'image': view['image'], 'labels': {}}
    resize(alone, (max(1, round(height * scale)), max(1, round(width * scale))), {})
    if alone['image'].shape[:2] != shape:
        view.update(image=alone['image'], ori_shape=shape, moved=True)


def scale_by_area(shape: tuple[int, int], size: tuple[int, int]) -> float:
    """By how much an image of ``shape`` (H, W) is resized so that it has the area of ``size`` (H, W).

    An image of other proportions may be a picture of ``size`` that was cut narrower, and then equal shorter sides would
    be right, or flatter, and then equal longer sides would be. With equal areas the scale is off by at most the square
    root of the ratio of the proportions in either case; a portrait is treated as the landscape that it is when turned,
    and time and memory do not depend on the proportions.
    """
    return math.sqrt(size[0] * size[1] / (shape[0] * shape[1]))


def scale_by_camera(intrinsics: Tensor, shape: tuple[int, int], size: tuple[int, int], trained_for: Mapping) -> float:
    """By how much an image of a known camera is resized so that its focal length in pixels is the one trained for.

    Then things of one size at one depth look as large as in training, whatever the lens and however the image was cut.
    A telephoto image would shrink to nothing and a wide one grow without end, so the scale stays within `LIMIT` of that
    by area; `magnification` is what is left.

    Args:
        intrinsics: (3, 3) in pixels of the image.
        shape: (H, W) of the image.
        size: (H, W) that images are resized to, if another than the one trained for.
        trained_for: The config's.
    """
    by_area = scale_by_area(shape, size)
    wanted = trained_focal_length(trained_for) * scale_by_area(trained_for['size'], size)
    return min(max(wanted / focal_length(intrinsics), by_area / LIMIT), by_area * LIMIT)


def magnification(intrinsics: Tensor, trained_for: Mapping) -> float:
    """How many times larger the network sees things than with the camera that it was trained for.

    A thing of size S at depth z covers S f / z pixels. A network that has learnt with the focal length F takes it to be
    at S F / (S f / z) = z F / f, so its depths times f / F are those of this camera.

    Args:
        intrinsics: (3, 3) in pixels of the image as the network gets it.
        trained_for: The config's.
    """
    return focal_length(intrinsics) / trained_focal_length(trained_for)


def focal_length(intrinsics: Tensor) -> float:
    """Pixels, the geometric mean of both directions."""
    return math.sqrt(intrinsics[0, 0].item() * intrinsics[1, 1].item())


def trained_focal_length(trained_for: Mapping) -> float:
    """Pixels: the focal length of the camera whose field of view fills the width of the size that was trained for."""
    return trained_for['size'][1] / 2 / math.tan(math.radians(trained_for['field_of_view']) / 2)
