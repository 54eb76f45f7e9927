"""Bring features of several strides to one, for heads that mix features pixel by pixel."""

import torch.nn.functional as F
from torch import Tensor


def grid_size(image_size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Return the size (h, w) of a feature of a stride, rounded up."""
    height, width = image_size
    return -(-height // stride), -(-width // stride)


def resize_feature(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize a feature (N, C, h, w): bilinearly, or by the mean over cells of equal area where it shrinks."""
    if x.shape[2:] == size:
        return x
    if x.shape[2] > size[0]:
        return F.interpolate(x, size, mode='area')
    return F.interpolate(x, size, mode='bilinear', align_corners=False)
