"""Cross-stitch on SegNet: one network per task, whose features are mixed by learned weights after every level."""

from collections.abc import Collection, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.backbones.segnet import SegNet, unpool
from mmmtl.registry import MODELS


@MODELS.register_module()
class CrossStitchSegNet(Backbone):
    """T SegNets whose features are mixed, x_i <- sum over j of alpha_ij x_j, after every pooling and decoder level.

    Misra, Shrivastava, Gupta, Hebert, "Cross-stitch Networks for Multi-task Learning", CVPR 2016; here with separate
    weights per channel. They need a larger learning rate than the rest: their names contain ``stitches``, for
    ``paramwise_cfg``. Each task's decoder uses the pooling indices of its own encoder.

    ``forward``: images (N, 3, H, W) -> one feature per task (N, widths[0], H, W), in the order of the tasks, for
    ``PerTaskHead(maps_per_task=1)``; and the mean over the tasks of the encoders' last features
    (N, widths[-1], ceil(H / s), ceil(W / s)), s = 2 ** len(widths).

    Args:
        tasks: Task names; passed by the model.
        widths: Channels of each level, as of `SegNet`.
        self_weight: Initial alpha_ii, in [0, 1]; the other tasks have equal weights that sum to the rest.
        in_channels: Channels of the images.

    Raises:
        ConfigError: ``self_weight`` lies outside [0, 1].
    """

    needs_tasks = True

    def __init__(
        self,
        tasks: Collection[str],
        widths: Sequence[int] = (64, 128, 256, 512, 512),
        *,
        self_weight: float = 0.9,
        in_channels: int = 3,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not 0 <= self_weight <= 1:
            raise ConfigError(f'CrossStitchSegNet.self_weight must be between 0 and 1, found {self_weight}')
        self.networks = nn.ModuleDict({task: SegNet(widths, in_channels=in_channels) for task in tasks})
        exits = (widths[0], *widths[:-1])
        self.encoder_stitches = nn.ModuleList(CrossStitch(len(tasks), width, self_weight) for width in widths)
        self.decoder_stitches = nn.ModuleList(CrossStitch(len(tasks), width, self_weight) for width in exits)
        self.out_channels = (*[widths[0]] * len(tasks), widths[-1])
        self.strides = (*[1] * len(tasks), 2 ** len(widths))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return one feature per task, and the mean of the encoders' last features."""
        networks = [cast(SegNet, network) for network in self.networks.values()]
        maps: Sequence[Tensor] = [images] * len(networks)
        pools = []
        for level, stitch in enumerate(self.encoder_stitches):
            maps = [network.encoder[level](x) for network, x in zip(networks, maps, strict=True)]
            size = maps[0].shape[-2:]
            maps, indices = zip(*(F.max_pool2d(x, 2, ceil_mode=True, return_indices=True) for x in maps), strict=True)
            pools.append((indices, size))
            maps = stitch(maps)
        encoded = torch.stack(list(maps)).mean(0)
        for level in reversed(range(len(self.decoder_stitches))):
            indices, size = pools[level]
            maps = self.decoder_stitches[level](
                [
                    network.decoder[level](unpool(x, index, size))
                    for network, x, index in zip(networks, maps, indices, strict=True)
                ]
            )
        return *maps, encoded


class CrossStitch(nn.Module):
    """Mixes T maps (N, C, h, w) by weights ``alpha`` (T, T, C), row = result.

    Args:
        tasks: T.
        channels: C.
        self_weight: Initial weight of a task's own map.
    """

    def __init__(self, tasks: int, channels: int, self_weight: float) -> None:
        super().__init__()
        alpha = torch.full((tasks, tasks), (1 - self_weight) / max(tasks - 1, 1))
        alpha.fill_diagonal_(self_weight if tasks > 1 else 1.0)
        self.alpha = nn.Parameter(alpha[..., None].repeat(1, 1, channels))

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return T maps (N, C, h, w)."""
        return torch.einsum('ijc,jnchw->inchw', self.alpha, torch.stack(list(maps))).unbind()
