"""DeepLab's head: atrous spatial pyramid pooling, optionally refined by a finer feature."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.conv_head import classifier, conv_block
from mmmtl.models.decode_heads.task_head import TaskHead
from mmmtl.registry import MODELS

LOW_LEVEL_CHANNELS = 48  # as in DeepLabV3+, table 1: few, so that the fine map does not outweigh the pyramid


@MODELS.register_module()
class ASPPHead(TaskHead):
    """Parallel convolutions of several dilations and global average pooling, fused by a 1x1 convolution.

    Without ``low_level_index`` it is DeepLabV3 (Chen et al., 2017), with logits at feature ``in_index``. With it, it is
    DeepLabV3+ (Chen et al., ECCV 2018): the result is resized to feature ``low_level_index``, concatenated with 48
    channels of it and refined by two 3x3 convolutions, with logits at that finer feature.

    Where we differ: the branch of global pooling has no norm. It has one value per channel and image, so batch norm
    fails in training with one image per batch, and is mostly noise with a few.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> logits (N, out_channels, h, w).

    Args:
        in_channels: Channels of the features, fine to coarse; passed by `PerTaskHead`.
        strides: Strides of the features, in the same order; passed by `PerTaskHead`.
        out_channels: Channels of the logits; passed by `PerTaskHead`.
        in_index: Index of the feature.
        low_level_index: Index of the finer feature; None for DeepLabV3.
        channels: Channels of each branch and of the fused map.
        dilations: Dilation of each branch; 1 is a 1x1 convolution. By default 1, 6, 12, 18 at stride 16, doubled at 8
            and halved at 32.
        norm: Type or config of the norms, see `ConvHead`.

    Raises:
        ConfigError: Feature ``low_level_index`` is not finer than feature ``in_index``.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        strides: Sequence[int],
        out_channels: int,
        *,
        in_index: int = -1,
        low_level_index: int | None = None,
        channels: int = 256,
        dilations: Sequence[int] | None = None,
        norm: str | dict | None = 'BN',
    ) -> None:
        super().__init__()
        self.in_index = in_index
        self.low_level_index = low_level_index
        entry = in_channels[in_index]
        if dilations is None:
            dilations = (1, *(max(1, round(d * 16 / strides[in_index])) for d in (6, 12, 18)))
        self.branches = nn.ModuleList(
            conv_block(entry, channels, 1 if dilation == 1 else 3, dilation=dilation, norm=norm)
            for dilation in dilations
        )
        self.image_mean = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv_block(entry, channels, 1, norm=None))
        self.join = conv_block((len(dilations) + 1) * channels, channels, 1, norm=norm)
        if low_level_index is not None:
            fine, coarse = strides[low_level_index], strides[in_index]
            if fine >= coarse:
                raise ConfigError(
                    f'ASPPHead.low_level_index {low_level_index} must be a finer map than in_index {in_index}, '
                    f'but the strides are {fine} and {coarse}'
                )
            self.low_level = conv_block(in_channels[low_level_index], LOW_LEVEL_CHANNELS, 1, norm=norm)
            self.refine = nn.Sequential(
                conv_block(channels + LOW_LEVEL_CHANNELS, channels, 3, norm=norm),
                conv_block(channels, channels, 3, norm=norm),
            )
        self.classifier = classifier(channels, out_channels)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return the logits (N, out_channels, h, w)."""
        x = features[self.in_index]
        mean = self.image_mean(x).expand(-1, -1, *x.shape[-2:])
        x = self.join(torch.cat([*(branch(x) for branch in self.branches), mean], dim=1))
        if self.low_level_index is not None:
            fine = self.low_level(features[self.low_level_index])
            x = F.interpolate(x, fine.shape[-2:], mode='bilinear', align_corners=False)
            x = self.refine(torch.cat([x, fine], dim=1))
        return self.classifier(x)
