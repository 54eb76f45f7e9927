"""Dense on SegNet: a shared network, and one per task whose every level sees the shared map beside its own."""

from collections.abc import Collection, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmmtl.models.backbones.segnet import blocks, unpool, vgg_depths
from mmmtl.registry import MODELS


@MODELS.register_module()
class DenseSegNet(BaseModule):
    """What MTAN is measured against: tasks that receive all that is shared, without any attention.

    Liu, Johns, Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019. Level j of a task's encoder is fed
    its own pooled map and the shared one of level j - 1, and level 0 the image alone; level j of its decoder its own
    unpooled map and the shared one. Every network has pooling indices of its own. The paper tells no more; so far it is
    the authors' code. That widens the last level of a task's decoder to 2 ``widths[0]`` channels, and has a last level
    of the shared decoder whose map nobody sees; ours does neither, and its first weights are those of `SegNet`.

    ``forward``: images (N,3,H,W) -> the T tasks' maps (N,widths[0],H,W) in the order of the tasks, for
    ``PerTaskHead(own_maps=True)``; and the shared encoder's last one (N,widths[-1],ceil(H/s),ceil(W/s)).

    Args:
        tasks: Their names; given by the model.
        widths: As of `SegNet`.
    """

    needs_tasks = True

    def __init__(
        self,
        tasks: Collection[str],
        widths: Sequence[int] = (64, 128, 256, 512, 512),
        *,
        in_channels: int = 3,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        depths = vgg_depths(widths)
        entries = (in_channels, *widths[:-1])
        seen = (in_channels, *(2 * width for width in widths[:-1]))
        unpooled = [2 * width for width in widths]
        exits = (widths[0], *widths[:-1])
        self.encoder = nn.ModuleList(map(blocks, entries, widths, depths))
        self.decoder = nn.ModuleList(map(blocks, widths[1:], exits[1:], depths[1:]))
        self.task_encoders = nn.ModuleDict({task: nn.ModuleList(map(blocks, seen, widths, depths)) for task in tasks})
        self.task_decoders = nn.ModuleDict(
            {task: nn.ModuleList(map(blocks, unpooled, exits, depths)) for task in tasks}
        )
        self.out_channels = (*[widths[0]] * len(tasks), widths[-1])
        self.strides = (*[1] * len(tasks), 2 ** len(widths))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        shared, maps = images, [images] * len(self.task_encoders)
        pools = []
        for number, level in enumerate(self.encoder):
            entries = [torch.cat([x, shared], 1) for x in maps] if number else maps
            full = [
                level(shared),
                *(levels[number](x) for levels, x in zip(self.task_encoders.values(), entries, strict=True)),
            ]
            (shared, *maps), indices = zip(
                *(F.max_pool2d(x, 2, ceil_mode=True, return_indices=True) for x in full), strict=True
            )
            pools.append((indices, full[0].shape[-2:]))
        encoded = shared
        for number in reversed(range(len(pools))):
            indices, size = pools[number]
            shared, *maps = (unpool(x, places, size) for x, places in zip([shared, *maps], indices, strict=True))
            maps = [
                levels[number](torch.cat([x, shared], 1))
                for levels, x in zip(self.task_decoders.values(), maps, strict=True)
            ]
            if number:
                shared = self.decoder[number - 1](shared)
        return *maps, encoded
