"""MTI-Net's feature propagation: features shared by the tasks at one scale, passed on to the next finer scale."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from mmmtl.models.decode_heads.residual_blocks import basic_blocks


class FeaturePropagation(nn.Module):
    """Add features shared by all tasks to those of each task (FPM of MTI-Net, Vandenhende et al., ECCV 2020).

    The concatenated features c of N tasks give a mask, a softmax over tasks; a residual block reduces the masked c to
    ``channels`` shared channels; each task adds them, weighted by its own squeeze-and-excitation.

    The order of the tasks in a config does not matter: they are concatenated in the order of the buffer ``task_order``,
    indices of the sorted names. It is alphabetical in a new network. Converted weights contain the order of the
    original training, on which their convolutions and the published softmax depend.

    Args:
        tasks: Names of the tasks.
        channels: Channels of the features of each task.
        task_softmax: ``'tasks'`` for a softmax over tasks; ``'published'`` for that of the released code, which
            normalizes over N adjacent channels, mostly of one task.
    """

    task_order: Tensor

    def __init__(self, tasks: Collection[str], channels: int, task_softmax: str) -> None:
        super().__init__()
        self.names = tuple(sorted(tasks))
        self.channels, self.task_softmax = channels, task_softmax
        self.register_buffer('task_order', torch.arange(len(self.names)))
        width = len(tasks) * channels
        hidden = max(1, width // 4)
        self.mask = nn.Sequential(*basic_blocks(width, hidden), nn.Conv2d(hidden, width, 1))
        self.reduce = basic_blocks(width, channels, 1)
        self.excite = nn.ModuleDict({name: SqueezeExcitation(channels) for name in tasks})

    def forward(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Map ``{task: (N, channels, H, W)}`` to features of the same shapes."""
        stacked = torch.stack([features[name] for name in self.names], dim=1)  # (N, tasks, channels, H, W)
        joined = stacked.index_select(1, self.task_order).flatten(1, 2)
        scores = self.mask(joined)
        if self.task_softmax == 'tasks':
            mask = scores.unflatten(1, (len(self.names), self.channels)).softmax(1).flatten(1, 2)
        else:
            mask = scores.unflatten(1, (self.channels, len(self.names))).softmax(2).flatten(1, 2)
        shared = self.reduce(mask * joined)
        return {name: features[name] + self.excite[name](shared) for name in self.names}


class SqueezeExcitation(nn.Module):
    """Squeeze-and-excitation (Hu, Shen and Sun, CVPR 2018) with reduction 16: weight channels by their global means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(1, channels // 16)
        self.weights = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels), nn.Sigmoid())

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, channels, H, W) to the same shape."""
        return features * self.weights(features.mean((2, 3)))[:, :, None, None]
