"""Dense on SegNet: a shared network, and one per task that gets the shared features at every level."""

from collections.abc import Collection, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.models.backbones.backbone import Backbone
from mmmtl.models.backbones.segnet import segnet_level, unpool, vgg_depths
from mmmtl.registry import MODELS


@MODELS.register_module()
class DenseSegNet(Backbone):
    """The baseline *Dense* of MTAN: every task gets all shared features, without attention.

    Liu, Johns, Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019. Level j of a task's encoder takes
    its own pooled map and the shared one of level j - 1, level 0 the image alone; level j of its decoder takes its own
    unpooled map and the shared one. Every network has its own pooling indices. This follows the paper and the authors'
    code. Where we differ from that code: it widens the last level of a task's decoder to 2 ``widths[0]`` channels and
    has a last level of the shared decoder whose output is unused; ours has neither. Weights are initialized as in
    `SegNet`.

    ``forward``: images (N, 3, H, W) -> one feature per task (N, widths[0], H, W), in the order of the tasks, for
    ``PerTaskHead(maps_per_task=1)``; and the shared encoder's last feature
    (N, widths[-1], ceil(H / s), ceil(W / s)), s = 2 ** len(widths).

    Args:
        tasks: Task names; passed by the model.
        widths: Channels of each level, as of `SegNet`.
        in_channels: Channels of the images.
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
        task_entries = (in_channels, *(2 * width for width in widths[:-1]))
        unpooled = [2 * width for width in widths]
        exits = (widths[0], *widths[:-1])
        self.encoder = nn.ModuleList(map(segnet_level, entries, widths, depths))
        self.decoder = nn.ModuleList(map(segnet_level, widths[1:], exits[1:], depths[1:]))
        self.task_encoders = nn.ModuleDict(
            {task: nn.ModuleList(map(segnet_level, task_entries, widths, depths)) for task in tasks}
        )
        self.task_decoders = nn.ModuleDict(
            {task: nn.ModuleList(map(segnet_level, unpooled, exits, depths)) for task in tasks}
        )
        self.out_channels = (*[widths[0]] * len(tasks), widths[-1])
        self.strides = (*[1] * len(tasks), 2 ** len(widths))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return one feature per task, and the shared encoder's last feature."""
        encoders = [cast(nn.ModuleList, levels) for levels in self.task_encoders.values()]
        decoders = [cast(nn.ModuleList, levels) for levels in self.task_decoders.values()]
        shared, maps = images, [images] * len(encoders)
        pools = []
        for number, level in enumerate(self.encoder):
            entries = [torch.cat([x, shared], 1) for x in maps] if number else maps
            full = [level(shared), *(levels[number](x) for levels, x in zip(encoders, entries, strict=True))]
            (shared, *maps), indices = zip(
                *(F.max_pool2d(x, 2, ceil_mode=True, return_indices=True) for x in full), strict=True
            )
            pools.append((indices, full[0].shape[-2:]))
        encoded = shared
        for number in reversed(range(len(pools))):
            indices, size = pools[number]
            shared, *maps = (unpool(x, index, size) for x, index in zip([shared, *maps], indices, strict=True))
            maps = [levels[number](torch.cat([x, shared], 1)) for levels, x in zip(decoders, maps, strict=True)]
            if number:
                shared = self.decoder[number - 1](shared)
        return *maps, encoded
