"""A memory mixture of experts, based on the abstract of TaskExpert."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.batch_context import BatchContext
from mmmtl.models.decode_heads.conv_head import classifier
from mmmtl.models.decode_heads.decode_head import DecodeHead, HeadOutput
from mmmtl.models.decode_heads.memory_experts import MemoryExperts
from mmmtl.models.decode_heads.one_stride import resize_feature, size_at
from mmmtl.registry import MODELS
from mmmtl.tasks import Task

Reads = Literal['own', 'all']


@MODELS.register_module()
class MemoryExpertsHead(DecodeHead):
    """Experts on each feature, mixed per task and pixel, and a memory per task that is read and written at each level.

    Our reading of the abstract of TaskExpert (Ye and Xu, "TaskExpert: Dynamically Assembling Multi-Task
    Representations with Memorial Mixture-of-Experts", ICCV 2023). **This is not TaskExpert**: its code was never
    released, so neither the results nor the numbers of parameters can be compared. Taken from the abstract: at several
    features of the backbone, experts that the tasks share decompose the feature; a task mixes them by gates that depend
    on the image; a memory per task is a further expert, and is updated at each feature; the last memory makes the
    prediction. The number and form of the experts, the input of the gates and the update are our choice, see
    `MemoryExperts`. A memory starts as a learned vector.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> {task: logits (N, task.channels, H / 4, W / 4)}.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, from early to late; passed by the model.
        strides: Strides of the features, in the same order; passed by the model.
        channels: Channels of experts and memories.
        num_experts: Number of experts at each feature.
        reads: The memories that a task reads: its ``'own'``, so that tasks exchange no features, or those of ``'all'``
            tasks, each as an expert with its own gate.
        stride: Stride of the experts; features of other strides are resized.

    Raises:
        ConfigError: ``reads`` is unknown, or ``channels`` or ``num_experts`` is not positive.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        channels: int = 384,
        num_experts: int = 5,
        reads: Reads = 'own',
        stride: int = 16,
    ) -> None:
        super().__init__(tasks, in_channels, strides)
        if reads not in ('own', 'all'):
            raise ConfigError(f"MemoryExpertsHead.reads must be 'own' or 'all', found {reads!r}")
        if min(channels, num_experts) < 1:
            raise ConfigError(
                f'MemoryExpertsHead needs channels and num_experts >= 1, found {channels} and {num_experts}'
            )
        self.stride = stride
        # sorted, so that the weights do not depend on the order of the tasks
        memories = {name: tuple(sorted(tasks)) if reads == 'all' else (name,) for name in tasks}
        self.first_memory = nn.ParameterDict({name: nn.Parameter(0.02 * torch.randn(channels)) for name in tasks})
        self.levels = nn.ModuleList(MemoryExperts(width, channels, num_experts, memories) for width in in_channels)
        self.heads = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Conv2d(channels, channels, 3, padding=1, bias=False),
                    nn.BatchNorm2d(channels),
                    nn.GELU(),
                    classifier(channels, task.channels),
                )
                for name, task in tasks.items()
            }
        )

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> HeadOutput:
        """Return logits (N, task.channels, H / 4, W / 4) of every task."""
        finest = features[0].shape[2], features[0].shape[3]
        memory = self.memory(features, size_at(finest, self.strides[0], self.stride))
        size = size_at(finest, self.strides[0], 4)
        return HeadOutput(
            {
                name: head(F.interpolate(memory[name], size, mode='bilinear', align_corners=False))
                for name, head in self.heads.items()
            }
        )

    def memory(self, features: Sequence[Tensor], grid: tuple[int, int]) -> dict[str, Tensor]:
        """Return the last memory (N, channels, *grid) of each task."""
        count = len(features[0])
        memory = {
            name: self.first_memory[name][:, None, None].expand(count, -1, *grid).to(features[0].dtype)
            for name in self.tasks
        }
        for level, x in zip(self.levels, features, strict=True):
            memory = level(resize_feature(x, grid), memory)
        return memory
