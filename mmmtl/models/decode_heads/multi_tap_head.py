"""A head on several maps of a plain transformer: each made narrow, all resized to one fine grid, joined, fused."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.conv_head import classifier
from mmmtl.registry import MODELS


@MODELS.register_module()
class MultiTapHead(BaseModule):
    """Per map a linear layer C -> C / taps, bilinear to stride ``stride``, joined to C, conv3x3 - BN - GELU, conv1x1.

    The head of SAK (Lu et al., "Swiss Army Knife: Synergizing Biases in Knowledge from Vision Foundation Models for
    Multi-Task Learning", ICLR 2025). Where we differ: the last layer starts small, as all of ours do.

    ``forward``: features, tuple of (N,C,h_i,w_i) -> logits (N,out_channels,h,w) with h = h_0 * strides[0] / stride.

    Args:
        channels: C of the fused map; the width of the maps by default, and then 10 C^2 + O(C) parameters.
        stride: of the fused map.

    Raises:
        ConfigError: ``channels`` cannot be shared out among the maps.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        strides: Sequence[int],
        out_channels: int,
        *,
        channels: int | None = None,
        stride: int = 4,
    ) -> None:
        super().__init__()
        channels = channels or in_channels[0]
        if channels % len(in_channels):
            raise ConfigError(
                f'channels of MultiTapHead must be a multiple of the {len(in_channels)} maps, found {channels}'
            )
        self.scale = strides[0] / stride
        self.narrow = nn.ModuleList(nn.Conv2d(width, channels // len(in_channels), 1) for width in in_channels)
        self.fuse = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.GELU())
        self.classifier = classifier(channels, out_channels)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        size = tuple(round(length * self.scale) for length in features[0].shape[-2:])
        maps = [
            F.interpolate(layer(x), size, mode='bilinear', align_corners=False)
            for layer, x in zip(self.narrow, features, strict=True)
        ]
        return self.classifier(self.fuse(torch.cat(maps, dim=1)))
