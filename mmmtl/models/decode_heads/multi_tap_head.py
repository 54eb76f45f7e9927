"""A head on several features of a plain transformer, which are reduced, resized, concatenated and fused."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.conv_head import classifier
from mmmtl.models.decode_heads.task_head import TaskHead
from mmmtl.registry import MODELS


@MODELS.register_module()
class MultiTapHead(TaskHead):
    """Reduces each of K features to C / K channels, resizes and concatenates them; conv3x3 - BN - GELU, conv1x1.

    The head of SAK (Lu et al., "Swiss Army Knife: Synergizing Biases in Knowledge from Vision Foundation Models for
    Multi-Task Learning", ICLR 2025). Where we differ: the last layer has small initial weights, see `classifier`.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> logits (N, out_channels, h, w) with
    h = h_0 * strides[0] / stride.

    Args:
        in_channels: Channels of the features, fine to coarse; passed by `PerTaskHead`.
        strides: Strides of the features, in the same order; passed by `PerTaskHead`.
        out_channels: Channels of the logits; passed by `PerTaskHead`.
        channels: C; by default ``in_channels[0]``, which gives 10 C^2 + O(C) parameters.
        stride: Stride of the logits.

    Raises:
        ConfigError: ``channels`` is not a multiple of the number of features.
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
        """Return the logits (N, out_channels, h, w)."""
        size = tuple(round(length * self.scale) for length in features[0].shape[-2:])
        maps = [
            F.interpolate(layer(x), size, mode='bilinear', align_corners=False)
            for layer, x in zip(self.narrow, features, strict=True)
        ]
        return self.classifier(self.fuse(torch.cat(maps, dim=1)))
