"""HRNet's head: all scales joined at the finest one, then two 1x1 convolutions for each task."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.models.decode_heads.conv_head import classifier
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


@MODELS.register_module()
class HRNetHead(BaseModule):
    """The maps are resized to the finest (stride 4), joined once, and each task has conv1x1 - BN - ReLU - conv1x1.

    HRNetV2's head (Wang et al., TPAMI 2021), one for every task, as region contrast has it (Li et al., ECCV 2024): 270
    channels for HRNet-w18. Where we differ: the last layer starts small, as all of ours do.

    ``forward``: features, tuple of (N,in_channels[i],h_i,w_i) -> {task: logits (N,task.channels,h_0,w_0)}.
    """

    def __init__(self, tasks: Mapping[str, Task], in_channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        channels = sum(in_channels)
        self.heads = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Conv2d(channels, channels, 1),
                    nn.BatchNorm2d(channels),
                    nn.ReLU(),
                    classifier(channels, task.channels),
                )
                for name, task in tasks.items()
            }
        )

    def forward(self, features: Sequence[Tensor]) -> dict[str, Tensor]:
        joined = self.join(features)
        return {name: head(joined) for name, head in self.heads.items()}

    @staticmethod
    def join(features: Sequence[Tensor]) -> Tensor:
        """(N, sum of the channels, h_0, w_0)."""
        size = features[0].shape[2:]
        return torch.cat(
            [features[0], *(F.interpolate(x, size, mode='bilinear', align_corners=False) for x in features[1:])], dim=1
        )
