"""A backbone that sees every image at one size, while its maps are judged at the image's own."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from mmmtl.registry import MODELS


@MODELS.register_module()
class ResizedInput(BaseModule):
    """Resizes images to ``size`` before another backbone, bilinearly and smoothed when they shrink.

    The model enlarges logits to the size of its images anyway, so a network that was trained on small pictures is
    tested on large ones and their labels as they are; training images that have the size already are not touched.

    ``forward``: images (N,3,H,W) -> the maps that the backbone gives for (N,3,*size).

    Args:
        backbone: Config of the other backbone, whose channels and strides are told.
        size: (H, W) in pixels.
    """

    def __init__(self, backbone: dict, size: Sequence[int]) -> None:
        super().__init__()
        self.backbone, self.size = MODELS.build(backbone), tuple(size)
        self.out_channels, self.strides = self.backbone.out_channels, self.backbone.strides

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        if images.shape[2:] != self.size:
            images = F.interpolate(images, self.size, mode='bilinear', align_corners=False, antialias=True)
        return self.backbone(images)
