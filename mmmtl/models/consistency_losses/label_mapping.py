"""One network per ordered pair of tasks, from the one's map to the other's logits."""

from collections.abc import Mapping

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.backbones import SegNet
from mmmtl.models.consistency_losses.consistency_loss import connected_zero
from mmmtl.registry import MODELS
from mmmtl.tasks import Task, require_capability


class LabelMappings(BaseModule):
    """K (K - 1) networks of their own, as X-task has them (Zamir et al., CVPR 2020): their number is its cost.

    Batch norm sees the maps of one process, as in the backbone; with ``sync_bn='torch'`` in the config those of all.

    Args:
        tasks: By name.
        network: A backbone that takes ``in_channels``; its finest feature leads by a 1x1 convolution to the logits.
            The whole `SegNet` by default, as in MTPSL.
    """

    def __init__(self, tasks: Mapping[str, Task], network: dict | None = None) -> None:
        super().__init__()
        if len(tasks) < 2:
            raise ConfigError(f'a mapping relates tasks, so it needs two or more, found {", ".join(tasks)}')
        require_capability(tasks, 'encoding', type(self).__name__)
        self.networks = nn.ModuleDict(
            {
                key(source, target): LabelMapping(tasks[source].encoding.channels, tasks[target].channels, network)
                for source in tasks
                for target in tasks
                if source != target
            }
        )

    def __getitem__(self, pair: tuple[str, str]) -> 'LabelMapping':
        """The network from a source to a target."""
        return self.networks[key(*pair)]

    def idle(self, used: set[tuple[str, str]]) -> Tensor | int:
        """A 0 that gives the networks that were not run the gradient 0 that DDP demands."""
        used = {key(*pair) for pair in used}
        return connected_zero(
            p for name, network in self.networks.items() if name not in used for p in network.parameters()
        )


def key(source: str, target: str) -> str:
    return f'{source} to {target}'


class LabelMapping(nn.Module):
    """(M, in_channels, H, W) -> logits (M, out_channels, H, W) of another task."""

    def __init__(self, in_channels: int, out_channels: int, network: dict | None) -> None:
        super().__init__()
        self.network = MODELS.build({'type': SegNet, **(network or {}), 'in_channels': in_channels})
        self.classifier = nn.Conv2d(self.network.out_channels[0], out_channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        logits = self.classifier(self.network(maps)[0]).float()
        if logits.shape[2:] == maps.shape[2:]:
            return logits
        return F.interpolate(logits, maps.shape[2:], mode='bilinear', align_corners=False)
