"""MTAN on SegNet: one shared network, and per task an attention module at every level."""

from collections.abc import Collection, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.models.backbones.segnet import SegNet, segnet_block, unpool
from mmmtl.registry import MODELS


@MODELS.register_module()
class MTANSegNet(SegNet):
    """Multiplies the shared features of every level by a mask in [0, 1] per task.

    Liu, Johns, Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019. At level j of the encoder, p_j is
    the shared map after the level's last block, u_j the one after its first; the feature of task i is

        m_ij = h_ij(g_ij([u_j; f_(j-1)(m_i(j-1))])) * p_j,

    with g conv1x1 - BN - ReLU, h conv1x1 - BN - sigmoid, and f conv3x3 - BN - ReLU, shared by all tasks and followed
    by a 2x2 max-pool (level 0 has u alone). In the decoder u_j is the unpooled map at the start of the level, and f
    follows a bilinear resize to its size. The output of f has the channels of the next level, that of g those of the
    masked map; the paper does not specify them. For three tasks there are 1.77 times the parameters of `SegNet`.

    The shared part has the parameters of `SegNet`, so its weights can be loaded into this network.

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
        super().__init__(widths, in_channels=in_channels, init_cfg=init_cfg)
        exits = (widths[0], *widths[:-1])
        entries = (widths[0], *(2 * width for width in widths[1:]))
        self.encoder_attention = nn.ModuleDict(
            {task: nn.ModuleList(map(_attention, entries, widths)) for task in tasks}
        )
        self.decoder_attention = nn.ModuleDict(
            {
                task: nn.ModuleList(
                    _attention(width + out_width, out_width) for width, out_width in zip(widths, exits, strict=True)
                )
                for task in tasks
            }
        )
        self.encoder_passage = nn.ModuleList(map(segnet_block, widths, (*widths[1:], widths[-1])))
        self.decoder_passage = nn.ModuleList(map(segnet_block, widths, exits))
        self.out_channels = (*[widths[0]] * len(tasks), widths[-1])
        self.strides = (*[1] * len(tasks), 2 ** len(widths))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return one feature per task, and the shared encoder's last feature."""
        encoder_masks = {task: cast(nn.ModuleList, masks) for task, masks in self.encoder_attention.items()}
        decoder_masks = {task: cast(nn.ModuleList, masks) for task, masks in self.decoder_attention.items()}
        x = images
        streams: dict[str, Tensor] = {}
        pools = []
        for number, level in enumerate(self.encoder):
            assert isinstance(level, nn.Sequential)
            first = level[0](x)  # u
            last = level[1:](first)  # p
            for task, masks in encoder_masks.items():
                entry = torch.cat([first, streams[task]], dim=1) if number else first
                passed = self.encoder_passage[number](masks[number](entry) * last)
                streams[task] = F.max_pool2d(passed, 2, ceil_mode=True)
            x, indices = F.max_pool2d(last, 2, ceil_mode=True, return_indices=True)
            pools.append((indices, last.shape[-2:]))
        encoded = x
        for number in reversed(range(len(self.decoder))):
            indices, size = pools[number]
            first = unpool(x, indices, size)
            x = self.decoder[number](first)
            for task, masks in decoder_masks.items():
                resized = F.interpolate(streams[task], size, mode='bilinear', align_corners=False)
                entry = torch.cat([first, self.decoder_passage[number](resized)], dim=1)
                streams[task] = masks[number](entry) * x
        return *streams.values(), encoded


def _attention(in_channels: int, channels: int) -> nn.Sequential:
    """Build two 1x1 convolutions whose output is a mask in [0, 1]."""
    return nn.Sequential(
        _pointwise(in_channels, channels),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        _pointwise(channels, channels),
        nn.BatchNorm2d(channels),
        nn.Sigmoid(),
    )


def _pointwise(in_channels: int, channels: int) -> nn.Conv2d:
    conv = nn.Conv2d(in_channels, channels, 1)
    nn.init.xavier_normal_(conv.weight)
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)
    return conv
