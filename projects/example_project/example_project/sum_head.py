"""The decode head: every map of the backbone projected to one width, and their sum read by each task."""

from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.registry import MODELS
from mmmtl.tasks import Task


@MODELS.register_module()
class SumHead(BaseModule):
    """A shared sum of all maps at the size of the finest, then one 1x1 convolution per task.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> {task: logits (N, task.channels, h_0, w_0)}.

    Args:
        channels: Width of the sum.
    """

    def __init__(
        self, tasks: Mapping[str, Task], in_channels: Sequence[int], strides: Sequence[int], *, channels: int = 32
    ) -> None:
        super().__init__()
        self.projections = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in in_channels)
        self.outputs = nn.ModuleDict({name: nn.Conv2d(channels, task.channels, 1) for name, task in tasks.items()})

    def forward(self, features: Sequence[Tensor]) -> dict[str, Tensor]:
        size = features[0].shape[2:]
        maps = [
            F.interpolate(project(feature), size, mode='bilinear', align_corners=False)
            for project, feature in zip(self.projections, features, strict=True)
        ]
        shared = F.relu(sum(maps))  # (N, channels, h_0, w_0)
        return {name: output(shared) for name, output in self.outputs.items()}
