"""MLoRE's head: blocks of low-rank experts on each feature of a ViT; each task fuses the results pixel by pixel."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.models.batch_context import BatchContext
from mmmtl.models.decode_heads.conv_head import classifier
from mmmtl.models.decode_heads.decode_head import DecodeHead, HeadOutput
from mmmtl.models.decode_heads.low_rank_experts import ExpertBlock, RoutingOptions
from mmmtl.models.decode_heads.one_stride import resize_feature, size_at
from mmmtl.models.nested_options import build_nested
from mmmtl.models.sample_noise import noise_keys
from mmmtl.models.size_constraint import SizeConstraint
from mmmtl.registry import MODELS
from mmmtl.tasks import Task

NUM_BLOCKS = 2  # per feature


@MODELS.register_module()
class MLoREHead(DecodeHead):
    """Mixture of low-rank experts (Yang et al., "Multi-Task Dense Prediction via Mixture of Low-Rank Experts", CVPR
    2024).

    A 1x1 convolution maps each of L features to C channels. Per feature, two blocks (`ExpertBlock`) compute a feature
    for each task. A task fuses its L features with weights per pixel, the softmax over L of
    conv3x3(GELU(BN(conv1x1(their concatenation)))), resizes the sum to stride 4, and maps it to logits by conv3x3 -
    BN - GELU - conv1x1. Train it with the consistency loss `ExpertBalance`, with ``weight=5e-4`` on NYUD-v2 and 3e-4 on
    PASCAL-Context.

    Tasks share the experts and one convolution per block, but no features: the logits of a task do not
    depend on the features of another. A router has one weight per pixel, so the head accepts one image size only; wrap
    the backbone in `ResizedInput` of this size to predict images of any size.

    Where we differ: the noise of an image does not depend on the batch or on the number of processes, features of other
    strides are accepted and resized, all experts run for every image (see `LowRankExperts`), and the last layer has
    small initial weights, see `classifier`.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> {task: logits (N, task.channels, H / 4, W / 4)};
    ``aux['gates']``: mean over the tasks of the gates, (N, L, 2, n), for `ExpertBalance`.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, from early to late; passed by the model.
        strides: Strides of the features, in the same order; passed by the model.
        image_size: (H, W) of all images.
        channels: C; 768 on NYUD-v2 with ViT-L, 452, 640 or 192 on PASCAL-Context with ViT-L, B or S.
        stride: Stride of the experts; features of other strides are resized.
        experts: Options of `RoutingOptions`; by default those of NYUD-v2. On PASCAL-Context:
            ``dict(ranks=range(16, 129, 8), task_rank=72, mask='weights')``.

    Raises:
        ConfigError: ``experts`` has an unknown option, or a value is out of range.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        image_size: Sequence[int],
        channels: int = 768,
        stride: int = 16,
        experts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(tasks, in_channels, strides)
        options = build_nested(RoutingOptions, experts or {}, 'MLoREHead.experts')
        height, width = image_size
        self.size_constraint = SizeConstraint(fixed=(height, width))
        self.grid = size_at((height, width), 1, stride)
        self.size = size_at(self.grid, stride, 4)  # of the logits
        pixels = self.grid[0] * self.grid[1]
        self.project = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in in_channels)
        self.noise = options.noise
        self.blocks = nn.ModuleList(
            nn.ModuleList(
                ExpertBlock([*tasks], channels, pixels, options, stream)
                for stream in range(NUM_BLOCKS * level, NUM_BLOCKS * (level + 1))
            )
            for level in range(len(in_channels))
        )
        self.fuse = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Conv2d(channels * len(in_channels), channels, 1),
                    nn.BatchNorm2d(channels),
                    nn.GELU(),
                    nn.Conv2d(channels, len(in_channels), 3, padding=1),
                )
                for name in tasks
            }
        )
        self.heads = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Conv2d(channels, channels, 3, padding=1),
                    nn.BatchNorm2d(channels),
                    nn.GELU(),
                    classifier(channels, task.channels),
                )
                for name, task in tasks.items()
            }
        )

    @property
    def aux_names(self) -> frozenset[str]:
        """The gates of the experts."""
        return frozenset({'gates'})

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> HeadOutput:
        """Return logits (N, task.channels, H / 4, W / 4) of every task, and the gates."""
        keys = noise_keys(context.images) if self.training and self.noise else None
        fused, gates = self.task_features(features, keys)
        return HeadOutput({name: head(fused[name]) for name, head in self.heads.items()}, aux={'gates': gates.mean(3)})

    def task_features(self, features: Sequence[Tensor], keys: Tensor | None = None) -> tuple[dict[str, Tensor], Tensor]:
        """Return the fused features (N, C, H / 4, W / 4) of each task, and all gates (N, L, 2, T, n)."""
        levels: list[dict[str, Tensor]] = []
        gates: list[Tensor] = []
        for project, blocks, x in zip(self.project, self.blocks, features, strict=True):
            common = resize_feature(project(x), self.grid)
            by_task = dict.fromkeys(self.tasks, common)
            for block in cast(nn.ModuleList, blocks):
                by_task, block_gates = block(by_task, keys)
                gates.append(block_gates)
            levels.append(by_task)
        fused = {
            name: F.interpolate(
                self._fuse(name, [level[name] for level in levels]), self.size, mode='bilinear', align_corners=False
            )
            for name in self.tasks
        }
        return fused, torch.stack(gates, 1).unflatten(1, (len(levels), NUM_BLOCKS))

    def _fuse(self, name: str, levels: Sequence[Tensor]) -> Tensor:
        """Sum the features of one task over the L levels, with weights per pixel."""
        weights = self.fuse[name](torch.cat([*levels], 1)).softmax(1)  # (N, L, h, w)
        return (weights[:, :, None] * torch.stack([*levels], 1)).sum(1)
