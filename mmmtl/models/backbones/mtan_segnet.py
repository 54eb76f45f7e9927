"""MTAN on SegNet: one shared network, and for every task a stream of attention that picks from it at each level."""

from collections.abc import Collection, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.models.backbones.segnet import SegNet, block, unpool
from mmmtl.registry import MODELS


@MODELS.register_module()
class MTANSegNet(SegNet):
    """A mask in [0, 1] per task and level, multiplied onto the shared map of that level.

    Liu, Johns, Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019. At level j of the encoder, p_j is
    the shared map after the level's last block, u_j the one after its first; what task i goes on with is

        m_ij = h_ij(g_ij([u_j; f_(j-1)(m_i(j-1))])) * p_j,

    g conv1x1 - BN - ReLU, h conv1x1 - BN - sigmoid, f a conv3x3 - BN - ReLU that all tasks share, followed by a 2x2
    max-pool (level 0 has u alone). In the decoder u_j is the unpooled map, which the level begins with, and f comes
    after a bilinear resize to its size. f ends in the width of the level it leads to, g in that of the masked map: the
    paper leaves that open. For three tasks it has 1.77 times the parameters of `SegNet`.

    The shared part has the parameters of `SegNet`, so weights of one load into the other.

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
        super().__init__(widths, in_channels=in_channels, init_cfg=init_cfg)
        exits = (widths[0], *widths[:-1])
        entries = (widths[0], *(2 * width for width in widths[1:]))
        self.encoder_attention = nn.ModuleDict({task: nn.ModuleList(map(attention, entries, widths)) for task in tasks})
        self.decoder_attention = nn.ModuleDict(
            {
                task: nn.ModuleList(attention(width + leave, leave) for width, leave in zip(widths, exits, strict=True))
                for task in tasks
            }
        )
        self.encoder_passage = nn.ModuleList(map(block, widths, (*widths[1:], widths[-1])))
        self.decoder_passage = nn.ModuleList(map(block, widths, exits))
        self.out_channels = (*[widths[0]] * len(tasks), widths[-1])
        self.strides = (*[1] * len(tasks), 2 ** len(widths))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        x = images
        streams: dict[str, Tensor] = {}
        pools = []
        for number, level in enumerate(self.encoder):
            first = level[0](x)  # u
            last = level[1:](first)  # p
            for task, masks in self.encoder_attention.items():
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
            for task, masks in self.decoder_attention.items():
                lifted = F.interpolate(streams[task], size, mode='bilinear', align_corners=False)
                entry = torch.cat([first, self.decoder_passage[number](lifted)], dim=1)
                streams[task] = masks[number](entry) * x
        return *streams.values(), encoded


def attention(in_channels: int, channels: int) -> nn.Sequential:
    """Two 1x1 convolutions that end in a mask in [0, 1]."""
    return nn.Sequential(
        pointwise(in_channels, channels),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        pointwise(channels, channels),
        nn.BatchNorm2d(channels),
        nn.Sigmoid(),
    )


def pointwise(in_channels: int, channels: int) -> nn.Conv2d:
    conv = nn.Conv2d(in_channels, channels, 1)
    nn.init.xavier_normal_(conv.weight)
    nn.init.zeros_(conv.bias)
    return conv
