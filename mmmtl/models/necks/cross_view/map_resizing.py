"""Resize feature maps between strides, so that pixels keep their position in the image."""

import math

from torch import Tensor
from torch.nn.functional import interpolate, pad


def resize_to_stride(x: Tensor, stride: int, new_stride: int, image_size: tuple[int, int]) -> Tensor:
    """Resize a map from one stride to another.

    Args:
        x: Map (N, C, h, w) of images of ``image_size``.
        stride: Stride of the map.
        new_stride: Stride of the result.
        image_size: Size (H, W) of the images.

    Returns:
        (N, C, ceil(H / new_stride), ceil(W / new_stride)).
    """
    if stride == new_stride:
        return x
    height, width = image_size
    return resize_and_crop(x, stride / new_stride, (math.ceil(height / new_stride), math.ceil(width / new_stride)))


def resize_and_crop(x: Tensor, scale: float, size: tuple[int, int]) -> Tensor:
    """Scale a map and crop it at the right and at the bottom; area averaging to shrink, bilinear to enlarge.

    Before a map shrinks to a size that is rounded up, its last row and column are repeated, so that ``scale`` is exact.

    Args:
        x: Map (N, C, h, w).
        scale: Factor of its size.
        size: Size (h, w) of the result.
    """
    if scale < 1:
        bottom, right = (max(round(new / scale) - old, 0) for old, new in zip(x.shape[-2:], size, strict=True))
        x = pad(x, (0, right, 0, bottom), mode='replicate') if bottom or right else x
    scaled_size = tuple(max(round(length * scale), minimum) for length, minimum in zip(x.shape[-2:], size, strict=True))
    if scaled_size != tuple(x.shape[-2:]):
        if scale < 1:
            x = interpolate(x, size=scaled_size, mode='area')
        else:
            x = interpolate(x, size=scaled_size, mode='bilinear', align_corners=False)
    return x[..., : size[0], : size[1]]
