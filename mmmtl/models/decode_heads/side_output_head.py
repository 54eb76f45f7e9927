"""HED's head: one map of logits from every scale of the backbone, and their weighted sum."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.decode_heads.task_head import TaskHead
from mmmtl.registry import MODELS


@MODELS.register_module()
class SideOutputHead(TaskHead):
    """A 1x1 convolution per map, all resized to the finest one, and a 1x1 convolution that joins them per channel.

    Xie and Tu, Holistically-nested edge detection, ICCV 2015: side outputs start at 0 and the fusion at the mean of
    them.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> logits (N, out_channels, h_0, w_0).

    Args:
        in_channels: Channels of the features, fine to coarse; passed by `PerTaskHead`.
        strides: Strides of the features, in the same order; passed by `PerTaskHead`.
        out_channels: Channels of the logits; passed by `PerTaskHead`.
        side_weight: Weight of the loss of every side output, 1 in the paper. With 0, the default, the loss is that of
            the fused map alone.

    Raises:
        ConfigError: ``side_weight`` is negative.
    """

    def __init__(
        self, in_channels: Sequence[int], strides: Sequence[int], out_channels: int, *, side_weight: float = 0.0
    ) -> None:
        super().__init__()
        if not side_weight >= 0:
            raise ConfigError(f'SideOutputHead.side_weight must be >= 0, found {side_weight}')
        self.stage_weights = {f'side{level}': side_weight for level in range(len(in_channels))} if side_weight else {}
        sides = [nn.Conv2d(channels, out_channels, 1) for channels in in_channels]
        # channel c of the result is made of channel c of every side output
        fuse = nn.Conv2d(out_channels * len(in_channels), out_channels, 1, groups=out_channels)
        for conv, value in (*((side, 0.0) for side in sides), (fuse, 1 / len(in_channels))):
            nn.init.constant_(conv.weight, value)
            assert conv.bias is not None
            nn.init.zeros_(conv.bias)
        self.sides, self.fuse = nn.ModuleList(sides), fuse

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return the fused logits (N, out_channels, h_0, w_0)."""
        return self.predictions(features)[0]

    def predictions(self, features: Sequence[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the fused logits, and those of the side outputs at the same size."""
        sides = [side(x) for side, x in zip(self.sides, features, strict=True)]
        sides = [F.interpolate(x, sides[0].shape[2:], mode='bilinear', align_corners=False) for x in sides]
        fused = self.fuse(torch.stack(sides, dim=2).flatten(1, 2))  # (N, out_channels * scales, h_0, w_0)
        return fused, dict(zip(self.stage_weights, sides, strict=False))
