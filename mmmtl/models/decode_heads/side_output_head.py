"""HED's head: one map of logits from every scale of the backbone, and their weighted sum."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.registry import MODELS


@MODELS.register_module()
class SideOutputHead(BaseModule):
    """A 1x1 convolution per map, all resized to the finest one, and a 1x1 convolution that joins them per channel.

    Xie and Tu, Holistically-nested edge detection, ICCV 2015: side outputs start at 0 and the fusion at the mean of
    them. Where we differ: the loss is that of the fused map; the paper adds one for every side output.

    ``forward``: features, tuple of (N,in_channels[i],h_i,w_i) -> logits (N,out_channels,h_0,w_0).
    """

    def __init__(self, in_channels: Sequence[int], strides: Sequence[int], out_channels: int) -> None:
        super().__init__()
        sides = [nn.Conv2d(channels, out_channels, 1) for channels in in_channels]
        # channel c of the result is made of channel c of every side output
        fuse = nn.Conv2d(out_channels * len(in_channels), out_channels, 1, groups=out_channels)
        for conv, value in (*((side, 0.0) for side in sides), (fuse, 1 / len(in_channels))):
            nn.init.constant_(conv.weight, value)
            assert conv.bias is not None
            nn.init.zeros_(conv.bias)
        self.sides, self.fuse = nn.ModuleList(sides), fuse

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        sides = [side(x) for side, x in zip(self.sides, features, strict=True)]
        sides = [F.interpolate(x, sides[0].shape[2:], mode='bilinear', align_corners=False) for x in sides]
        return self.fuse(torch.stack(sides, dim=2).flatten(1, 2))  # (N, out_channels * scales, h_0, w_0)
