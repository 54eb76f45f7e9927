"""Messages between the features of tasks, gated by attention (PAD-Net)."""

from collections.abc import Collection, Mapping
from typing import cast

from torch import Tensor, nn


class TaskDistillation(nn.Module):
    """Add to the features of each task gated messages from those of all other tasks.

    Attention-guided multi-modal distillation of PAD-Net (Xu et al., CVPR 2018, variant C):

        o_t = f_t + sum over s != t of conv_ts(f_s) * sigmoid(gate_ts(f_s)),

    with 3x3 convolutions without bias.

    Args:
        to_tasks: Tasks that receive messages.
        from_tasks: Tasks that send messages; may include tasks that receive none.
        channels: Channels of all features.
    """

    def __init__(self, to_tasks: Collection[str], from_tasks: Collection[str], channels: int) -> None:
        super().__init__()
        self.messages = nn.ModuleDict(
            {
                to_task: nn.ModuleDict({name: GatedMessage(channels) for name in from_tasks if name != to_task})
                for to_task in to_tasks
            }
        )

    def forward(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the features (N, channels, H, W) of the tasks that receive messages.

        Args:
            features: ``{task: (N, channels, H, W)}`` of all tasks.
        """
        received = {}
        for to_task, messages in self.messages.items():
            received[to_task] = features[to_task]
            for name, message in sorted(cast(nn.ModuleDict, messages).items()):  # the order changes the rounding
                received[to_task] = received[to_task] + message(features[name])
        return received


class GatedMessage(nn.Module):
    """A 3x3 convolution, multiplied by the sigmoid of another one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.value = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.gate = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, channels, H, W) to a message of the same shape."""
        return self.value(features) * self.gate(features).sigmoid()
