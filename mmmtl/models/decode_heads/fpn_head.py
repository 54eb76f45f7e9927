"""A feature pyramid for all tasks: coarse maps flow into finer ones, and each task reads the finest."""

from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.batch_context import BatchContext
from mmmtl.models.decode_heads.conv_head import classifier, conv_block
from mmmtl.models.decode_heads.decode_head import DecodeHead, HeadOutput
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


@MODELS.register_module()
class FPNHead(DecodeHead):
    """Projects every map to ``channels``, adds the coarser ones from the top down, and decodes the sum once per task.

    Feature pyramid networks (Lin et al., CVPR 2017) with the sum over the levels of panoptic FPN (Kirillov et al.,
    CVPR 2019): a 1x1 convolution per map; from the coarsest to the finest, the map above is resized and added; a 3x3
    block smooths each level; the levels are resized to the finest map and summed; each task has a 3x3 block and a 1x1
    convolution on the sum.

    Where we differ from panoptic FPN: a level has one block, not one for each doubling of its size, and resizing is
    bilinear throughout.

    ``forward``: features, tuple of (N,in_channels[i],h_i,w_i), fine to coarse -> {task: logits
    (N,task.channels,h_0,w_0)}.

    Args:
        channels: Of every level and of the blocks of the tasks.
        norm: As for `ConvHead`.

    Raises:
        ConfigError: A map is finer than the one before it.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        channels: int = 64,
        norm: str | dict | None = 'BN',
    ) -> None:
        super().__init__(tasks, in_channels, strides)
        if list(strides) != sorted(strides):
            raise ConfigError(f'FPNHead needs maps from fine to coarse, but their strides are {tuple(strides)}')
        self.laterals = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in in_channels)
        self.levels = nn.ModuleList(conv_block(channels, channels, 3, norm=norm) for _ in in_channels)
        self.heads = nn.ModuleDict(
            {
                name: nn.Sequential(conv_block(channels, channels, 3, norm=norm), classifier(channels, task.channels))
                for name, task in tasks.items()
            }
        )

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> HeadOutput:
        joined = self.join(features)
        return HeadOutput({name: head(joined) for name, head in self.heads.items()})

    def join(self, features: Sequence[Tensor]) -> Tensor:
        """(N, channels, h_0, w_0)."""
        maps = [lateral(x) for lateral, x in zip(self.laterals, features, strict=True)]
        for fine in reversed(range(len(maps) - 1)):
            maps[fine] = maps[fine] + resized_like(maps[fine + 1], maps[fine])
        smooth = [level(x) for level, x in zip(self.levels, maps, strict=True)]
        return sum((resized_like(x, smooth[0]) for x in smooth[1:]), smooth[0])


def resized_like(x: Tensor, like: Tensor) -> Tensor:
    """`x` at the height and width of `like`."""
    return F.interpolate(x, like.shape[2:], mode='bilinear', align_corners=False)
