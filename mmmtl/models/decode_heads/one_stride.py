"""Resize features of several strides to one stride, for heads that combine features pixel by pixel."""

import torch.nn.functional as F
from torch import Tensor


def size_at(size: tuple[int, int], stride: int, new_stride: int) -> tuple[int, int]:
    """Return the size (h, w), rounded up, that a map of ``size`` at ``stride`` has at ``new_stride``."""
    height, width = (-(-length * stride // new_stride) for length in size)
    return height, width


def resize_feature(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize a feature (N, C, h, w): bilinearly, or by averaging over equal areas if it gets smaller."""
    if x.shape[2:] == size:
        return x
    if x.shape[2] > size[0]:
        return F.interpolate(x, size, mode='area')
    return F.interpolate(x, size, mode='bilinear', align_corners=False)
