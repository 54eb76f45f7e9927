"""The decode head: a shared sum of all feature maps, and a 1x1 convolution for each task."""

from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.models import BatchContext, DecodeHead, HeadOutput
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


@MODELS.register_module()
class SumHead(DecodeHead):
    """Sum all feature maps at the size of the finest one, then apply one 1x1 convolution per task.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> {task: logits (N, task.channels, h_0, w_0)}.

    Args:
        tasks: The tasks by name; the model passes them.
        in_channels: Channels of the feature maps, fine to coarse; the model passes them.
        strides: Strides of the feature maps; the model passes them.
        channels: Channels of the sum.
    """

    def __init__(
        self, tasks: Mapping[str, Task], in_channels: Sequence[int], strides: Sequence[int], *, channels: int = 32
    ) -> None:
        super().__init__(tasks, in_channels, strides)
        self.projections = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in in_channels)
        self.outputs = nn.ModuleDict({name: nn.Conv2d(channels, task.channels, 1) for name, task in tasks.items()})

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> HeadOutput:
        size = features[0].shape[2:]
        maps = [
            F.interpolate(project(feature), size, mode='bilinear', align_corners=False)
            for project, feature in zip(self.projections, features, strict=True)
        ]
        shared = F.relu(sum(maps))  # (N, channels, h_0, w_0)
        return HeadOutput({name: output(shared) for name, output in self.outputs.items()})
