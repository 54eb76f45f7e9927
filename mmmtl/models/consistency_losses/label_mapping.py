"""One network per ordered pair of tasks, from the encoded map of one task to the logits of the other."""

from collections.abc import Mapping
from typing import cast

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.models.backbones import SegNet
from mmmtl.models.consistency_losses.consistency_loss import connected_zero
from mmmtl.models.consistency_losses.task_encodings import task_encodings
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


class LabelMappings(BaseModule):
    """K (K - 1) separate networks for K tasks, as in X-task (Zamir et al., CVPR 2020); their number makes them costly.

    Batch norm uses the maps of one process, as in the backbone; with ``sync_bn='torch'`` in the config, those of all.

    Args:
        tasks: The model's tasks, by name.
        network: Config of a backbone that takes ``in_channels``; a 1x1 convolution turns its finest feature into the
            logits. The whole `SegNet` by default, as in MTPSL.

    Raises:
        ConfigError: There are fewer than two tasks, or a task has no encoding.
    """

    def __init__(self, tasks: Mapping[str, Task], network: dict | None = None) -> None:
        super().__init__()
        self.encodings = task_encodings(tasks, type(self).__name__)
        self.networks = nn.ModuleDict(
            {
                _network_name(one, other): LabelMapping(encoding.channels, tasks[other].channels, network)
                for one, encoding in self.encodings.items()
                for other in tasks
                if one != other
            }
        )

    def __getitem__(self, pair: tuple[str, str]) -> 'LabelMapping':
        """Return the network of an ordered pair ``(from_task, to_task)``."""
        return cast(LabelMapping, self.networks[_network_name(*pair)])

    def connected_zero(self, used: set[tuple[str, str]]) -> Tensor | int:
        """Return a 0 that gives all networks but those of the used pairs the gradient of 0 that DDP requires."""
        names = {_network_name(*pair) for pair in used}
        return connected_zero(
            p for name, network in self.networks.items() if name not in names for p in network.parameters()
        )


def _network_name(from_task: str, to_task: str) -> str:
    return f'{from_task} to {to_task}'


class LabelMapping(nn.Module):
    """Encoded maps of one task (M, in_channels, H, W) -> logits of another (M, out_channels, H, W).

    Args:
        in_channels: Channels of the encoding.
        out_channels: Channels of the logits.
        network: Config of the network, see `LabelMappings`.
    """

    def __init__(self, in_channels: int, out_channels: int, network: dict | None) -> None:
        super().__init__()
        self.network = MODELS.build({'type': SegNet, **(network or {}), 'in_channels': in_channels})
        self.classifier = nn.Conv2d(self.network.out_channels[0], out_channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Return float32 logits, resized bilinearly to the size of the maps."""
        logits = self.classifier(self.network(maps)[0]).float()
        if logits.shape[2:] == maps.shape[2:]:
            return logits
        return F.interpolate(logits, maps.shape[2:], mode='bilinear', align_corners=False)
