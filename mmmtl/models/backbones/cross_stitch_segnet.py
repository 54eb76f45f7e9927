"""Cross-stitch on SegNet: a network per task, and after every level a learnt mixture of their maps."""

from collections.abc import Collection, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.backbones.segnet import SegNet, unpool
from mmmtl.registry import MODELS


@MODELS.register_module()
class CrossStitchSegNet(BaseModule):
    """T SegNets whose maps are mixed, x_i <- sum over j of alpha_ij x_j, after every pooling and every decoder level.

    Misra, Shrivastava, Gupta, Hebert, "Cross-stitch Networks for Multi-task Learning", CVPR 2016; here each channel has
    mixing weights of its own. They want a larger learning rate than the rest: their names hold ``stitches``, for
    ``paramwise_cfg``. The pooling indices that guide a task's decoder are those of its own network.

    ``forward``: images (N,3,H,W) -> the T tasks' maps (N,widths[0],H,W) in the order of the tasks, for
    ``PerTaskHead(own_maps=True)``; and the mean over the tasks of the encoders' last ones
    (N,widths[-1],ceil(H/s),ceil(W/s)).

    Args:
        tasks: Their names; given by the model.
        widths: As of `SegNet`.
        self_weight: alpha_ii at the beginning, in [0, 1]; the other tasks share what it leaves.

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
            raise ConfigError(f'CrossStitchSegNet.self_weight must lie between 0 and 1, found {self_weight}')
        self.networks = nn.ModuleDict({task: SegNet(widths, in_channels=in_channels) for task in tasks})
        exits = (widths[0], *widths[:-1])
        self.encoder_stitches = nn.ModuleList(CrossStitch(len(tasks), width, self_weight) for width in widths)
        self.decoder_stitches = nn.ModuleList(CrossStitch(len(tasks), width, self_weight) for width in exits)
        self.out_channels = (*[widths[0]] * len(tasks), widths[-1])
        self.strides = (*[1] * len(tasks), 2 ** len(widths))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        networks = list(self.networks.values())
        maps = [images] * len(networks)
        pools = []
        for number, stitch in enumerate(self.encoder_stitches):
            maps = [network.encoder[number](x) for network, x in zip(networks, maps, strict=True)]
            size = maps[0].shape[-2:]
            maps, indices = zip(*(F.max_pool2d(x, 2, ceil_mode=True, return_indices=True) for x in maps), strict=True)
            pools.append((indices, size))
            maps = stitch(maps)
        encoded = torch.stack(maps).mean(0)
        for number in reversed(range(len(self.decoder_stitches))):
            indices, size = pools[number]
            maps = self.decoder_stitches[number](
                [
                    network.decoder[number](unpool(x, places, size))
                    for network, x, places in zip(networks, maps, indices, strict=True)
                ]
            )
        return *maps, encoded


class CrossStitch(nn.Module):
    """T maps (N,C,h,w) -> T mixtures of them, by weights of each channel; ``alpha`` is (T,T,C), row = result."""

    def __init__(self, tasks: int, channels: int, self_weight: float) -> None:
        super().__init__()
        alpha = torch.full((tasks, tasks), (1 - self_weight) / max(tasks - 1, 1))
        alpha.fill_diagonal_(self_weight if tasks > 1 else 1.0)
        self.alpha = nn.Parameter(alpha[..., None].repeat(1, 1, channels))

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        return torch.einsum('ijc,jnchw->inchw', self.alpha, torch.stack(list(maps))).unbind()
