"""Resize images, but not labels, to the scale that a network was trained for."""

import math
from collections.abc import Mapping

from mmcv.transforms import BaseTransform
from torch import Tensor

from mmmtl.datasets.transforms.geometric import resize
from mmmtl.registry import TRANSFORMS

LIMIT = 2.0  # largest ratio of the scale by camera to the scale by area: 4 times the pixels, or a quarter


@TRANSFORMS.register_module()
class AtTrainedScale(BaseTransform):
    """Resize images to the area that the network was trained for; labels and intrinsics keep the original size.

    Use it in validation and test, between `LoadViews` and `PackViews`, for images of sizes that were not trained on.
    `MultiTaskModel.predict` resizes predictions to the original size, so they are compared with unchanged labels.

    Args:
        trained_for: ``trained_for`` of the config, which sets it; None disables the transform.
    """

    def __init__(self, trained_for: Mapping | None = None) -> None:
        self.trained_for = trained_for

    def transform(self, results: dict) -> dict:
        if self.trained_for is not None:
            for view in results['views']:
                rescale(view, scale_by_area(view['image'].shape[:2], self.trained_for['size']))
        return results


def rescale(view: dict, scale: float) -> None:
    """Resize the image of a view in place, without its labels; ``ori_shape`` keeps the original (H, W)."""
    height, width = shape = view['image'].shape[:2]
    alone = {'image': view['image'], 'labels': {}}
    resize(alone, (max(1, round(height * scale)), max(1, round(width * scale))), {})
    if alone['image'].shape[:2] != shape:
        view.update(image=alone['image'], ori_shape=shape, moved=True)


def scale_by_area(shape: tuple[int, int], size: tuple[int, int]) -> float:
    """Return the scale at which an image of ``shape`` (H, W) has the area of ``size`` (H, W).

    An image of another aspect ratio may be a narrower crop of ``size``, for which equal short sides would be right, or
    a flatter one, for which equal long sides would be. With equal areas the scale is off by at most the square root of
    the ratio of the aspect ratios in both cases. Portraits get the same scale as landscapes, and time and memory do not
    depend on the aspect ratio.
    """
    return math.sqrt(size[0] * size[1] / (shape[0] * shape[1]))


def scale_by_camera(intrinsics: Tensor, shape: tuple[int, int], size: tuple[int, int], trained_for: Mapping) -> float:
    """Return the scale at which an image of a known camera has a focal length in pixels that was trained for.

    Objects of one size at one depth then appear as large as in training, for any lens and crop. If the network was
    trained with a range of fields of view, images within it get the scale by area, and others the nearest end of the
    range. Telephoto images would become tiny and wide-angle images huge, so the scale is clamped to within a factor
    `LIMIT` of the scale by area; `magnification` is the remaining factor.

    Args:
        intrinsics: Intrinsics (3, 3) of the image.
        shape: Size (H, W) of the image.
        size: Size (H, W) that images are resized to, which may differ from that of ``trained_for``.
        trained_for: ``trained_for`` of the config.
    """
    by_area = scale_by_area(shape, size)
    trained_length = trained_focal_length(trained_for, intrinsics, shape) * scale_by_area(trained_for['size'], size)
    return min(max(trained_length / focal_length(intrinsics), by_area / LIMIT), by_area * LIMIT)


def magnification(intrinsics: Tensor, shape: tuple[int, int], trained_for: Mapping) -> float:
    """Return the factor by which objects appear larger than with the camera that was trained for.

    An object of size S at depth z covers S f / z pixels. A network trained with the focal length F predicts the depth
    S F / (S f / z) = z F / f, so its depths have to be multiplied by f / F.

    Args:
        intrinsics: Intrinsics (3, 3) of the image at the size of the network input.
        shape: That size (H, W).
        trained_for: ``trained_for`` of the config.
    """
    return focal_length(intrinsics) / trained_focal_length(trained_for, intrinsics, shape)


def focal_length(intrinsics: Tensor) -> float:
    """Return the focal length in pixels, the geometric mean of both axes."""
    return math.sqrt(intrinsics[0, 0].item() * intrinsics[1, 1].item())


def trained_focal_length(trained_for: Mapping, intrinsics: Tensor, shape: tuple[int, int]) -> float:
    """Return the focal length in pixels, at the training size, that is nearest to that of a camera.

    Args:
        trained_for: ``trained_for`` of the config.
        intrinsics: Intrinsics (3, 3) of an image.
        shape: Size (H, W) of the image.
    """
    narrowest, widest = field_of_view_range(trained_for)
    shortest, longest = (focal_length_of(angle, trained_for) for angle in (widest, narrowest))
    return min(max(focal_length(intrinsics) * scale_by_area(shape, trained_for['size']), shortest), longest)


def mean_focal_length(trained_for: Mapping) -> float:
    """Return the focal length in pixels, at the training size, of the mean field of view."""
    return focal_length_of(sum(field_of_view_range(trained_for)) / 2, trained_for)


def field_of_view_range(trained_for: Mapping) -> tuple[float, float]:
    """Return the narrowest and the widest field of view of the training, in degrees."""
    angle = trained_for['field_of_view']
    narrowest, widest = (angle, angle) if isinstance(angle, int | float) else angle
    return narrowest, widest


def focal_length_of(angle: float, trained_for: Mapping) -> float:
    """Return the focal length in pixels at which a field of view in degrees spans the trained width."""
    return trained_for['size'][1] / 2 / math.tan(math.radians(angle) / 2)
