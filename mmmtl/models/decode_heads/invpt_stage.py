"""A stage of InvPT's decoder: upsample the maps of all tasks, add a map of the backbone, apply attention."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.models.decode_heads.conv_head import conv_block
from mmmtl.models.decode_heads.invpt_attention import AttentionBlock, JointLayerNorm


class InvPTStage(nn.Module):
    """Stage ``index`` of InvPT, of width ``channels`` / 2^index, at 2^(1 - index) times the stride of the taps.

    From the second stage on, the resolution of the maps of every task is doubled, two 3x3 convolutions of dilation 2
    are applied, and a map of the backbone is added, the same for all tasks. The attention block follows. The output is
    normalized over all tasks and has ``channels`` channels in every stage.

    Args:
        tasks: Names of the T tasks.
        index: 0, 1 or 2.
        channels: Width of the first stage.
        skip: Convolution of the map that is added; None at the first stage.
        messages: Whether attention and the norm of the output relate tasks.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        index: int,
        channels: int,
        *,
        skip: nn.Module | None,
        messages: bool,
    ) -> None:
        super().__init__()
        self.tasks, self.skip = tuple(tasks), skip
        width = channels >> index
        self.embed, self.widen = nn.ModuleDict(), nn.ModuleDict()
        if index:
            for name in tasks:
                self.embed[name] = nn.Sequential(
                    conv_block(2 * width, width, 3, dilation=2, norm='BN'),
                    conv_block(width, width, 3, dilation=2, norm='BN'),
                )
                self.widen[name] = nn.Conv2d(width, channels, 1)
        self.block = AttentionBlock(tasks, width, pool=2 << index, takes_scores=index > 0, messages=messages)
        self.norm = JointLayerNorm(tasks, width, messages=messages)

    def forward(self, x: Tensor, tap: Tensor | None, scores: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return tokens (N, T, h, w, C) and scores of this stage.

        Args:
            x: Tokens of the previous stage, (N, T, h / 2, w / 2, 2 C); in the first stage, (N, T, h, w, C).
            tap: Map of the backbone for ``skip``.
            scores: Scores of the previous stage, see `CrossTaskAttention`.
        """
        if self.skip is not None:
            added = self.skip(tap)
            maps = F.interpolate(
                x.permute(0, 1, 4, 2, 3).flatten(0, 1), scale_factor=2, mode='bilinear', align_corners=False
            ).unflatten(0, x.shape[:2])
            x = torch.stack([self.embed[name](maps[:, i]) + added for i, name in enumerate(self.tasks)], 1)
            x = x.permute(0, 1, 3, 4, 2)
        return self.block(x, scores)

    def read_out(self, x: Tensor, size: tuple[int, int]) -> Mapping[str, Tensor]:
        """Convert tokens (N, T, h, w, C) to a map of every task, ``{task: (N, channels, *size)}``."""
        maps = self.norm(x)
        wide = {name: self.widen[name](values) for name, values in maps.items()} if self.widen else maps
        return {
            name: F.interpolate(values, size, mode='bilinear', align_corners=False) for name, values in wide.items()
        }
