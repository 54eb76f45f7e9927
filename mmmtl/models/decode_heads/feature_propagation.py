"""MTI-Net's feature propagation: what the tasks share at one scale, for the initial predictions at the next finer."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from mmmtl.models.decode_heads.residual_blocks import basic_blocks


class FeaturePropagation(nn.Module):
    """Add to the features of each task what all tasks share (FPM of MTI-Net, Vandenhende et al., ECCV 2020).

    The concatenated features c of N tasks give a mask, a softmax over tasks; a residual block reduces the masked c to
    ``channels`` shared channels; each task adds them, weighted by its own squeeze-and-excitation.

    Args:
        tasks: Names of the tasks.
        channels: Channels of the features of each task.
        task_softmax: ``'tasks'`` for a softmax over tasks; ``'published'`` for that of the released code, which
            normalises over N adjacent channels, mostly of one task, so that the order of the tasks matters.
    """

    def __init__(self, tasks: Collection[str], channels: int, task_softmax: str) -> None:
        super().__init__()
        self.names = tuple(sorted(tasks) if task_softmax == 'tasks' else tasks)  # the order of concatenation
        self.channels, self.task_softmax = channels, task_softmax
        width = len(tasks) * channels
        self.mask = nn.Sequential(*basic_blocks(width, width // 4), nn.Conv2d(width // 4, width, 1))
        self.reduce = basic_blocks(width, channels, 1)
        self.excite = nn.ModuleDict({name: SqueezeExcitation(channels) for name in tasks})

    def forward(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map ``{task: (N, channels, H, W)}`` to features of the same shapes."""
        joined = torch.cat([features[name] for name in self.names], dim=1)
        scores = self.mask(joined)
        if self.task_softmax == 'tasks':
            mask = scores.unflatten(1, (len(self.names), self.channels)).softmax(1).flatten(1, 2)
        else:
            mask = scores.unflatten(1, (self.channels, len(self.names))).softmax(2).flatten(1, 2)
        shared = self.reduce(mask * joined)
        return {name: features[name] + self.excite[name](shared) for name in self.names}


class SqueezeExcitation(nn.Module):
    """Weigh the channels by their means over the map (Hu, Shen and Sun, CVPR 2018), with a reduction by 16."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inside = max(1, channels // 16)
        self.weights = nn.Sequential(nn.Linear(channels, inside), nn.ReLU(), nn.Linear(inside, channels), nn.Sigmoid())

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, channels, H, W) to the same shape."""
        return features * self.weights(features.mean((2, 3)))[:, :, None, None]
