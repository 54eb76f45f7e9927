"""HRNet's head: all features concatenated at the finest stride, then two 1x1 convolutions per task."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.models.batch_context import BatchContext
from mmmtl.models.decode_heads.conv_head import classifier
from mmmtl.models.decode_heads.decode_head import DecodeHead, HeadOutput
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


@MODELS.register_module()
class HRNetHead(DecodeHead):
    """Resizes all features to the finest (stride 4) and concatenates them; per task conv1x1 - BN - ReLU - conv1x1.

    HRNetV2's head (Wang et al., TPAMI 2021), one per task as in region contrast (Li et al., ECCV 2024); 270 channels
    for HRNet-w18. Where we differ: the last layer has small initial weights, see `classifier`.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> {task: logits (N, task.channels, h_0, w_0)}.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, fine to coarse; passed by the model.
        strides: Strides of the features, in the same order; passed by the model.
    """

    def __init__(self, tasks: Mapping[str, Task], in_channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__(tasks, in_channels, strides)
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

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> HeadOutput:
        """Return logits (N, task.channels, h_0, w_0) of every task."""
        joined = self.join(features)
        return HeadOutput({name: head(joined) for name, head in self.heads.items()})

    @staticmethod
    def join(features: Sequence[Tensor]) -> Tensor:
        """Resize the features to the finest and concatenate them, (N, sum of the channels, h_0, w_0)."""
        size = features[0].shape[2:]
        return torch.cat(
            [features[0], *(F.interpolate(x, size, mode='bilinear', align_corners=False) for x in features[1:])], dim=1
        )
