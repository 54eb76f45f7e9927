"""A backbone whose input is resized to a fixed size, while predictions keep the image's own size."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.backbones.inner_backbone import build_inner
from mmmtl.registry import MODELS


@MODELS.register_module()
class ResizedInput(Backbone):
    """Resizes images to ``size`` before another backbone, bilinearly, antialiased when they shrink.

    As the model resizes logits to the size of its images, a network trained on small images can be tested on large
    ones, against labels at full size, and one whose backbone, neck or head accepts only this size works on images of
    any size. Images that already have the size are unchanged.

    ``forward``: images (N, 3, H, W) -> the features of the backbone for (N, 3, *size).

    Args:
        backbone: Config of the backbone, whose ``out_channels`` and ``strides`` are passed on.
        size: (H, W) in pixels.

    Raises:
        ConfigError: The backbone returns features per task.
    """

    def __init__(self, backbone: dict, size: Sequence[int]) -> None:
        super().__init__()
        self.backbone = build_inner(backbone, type(self).__name__)
        height, width = size
        self.input_size = self.size = (height, width)
        self.out_channels, self.strides = self.backbone.out_channels, self.backbone.strides

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the features of the resized images."""
        if images.shape[2:] != self.size:
            images = F.interpolate(images, self.size, mode='bilinear', align_corners=False, antialias=True)
        return self.backbone(images)
