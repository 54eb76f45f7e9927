"""MTI-Net: predictions at every scale, shared features passed to the next finer scale, distillation at each."""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.batch_context import BatchContext
from mmmtl.models.decode_heads.conv_head import classifier
from mmmtl.models.decode_heads.decode_head import HeadOutput, IntermediateStage
from mmmtl.models.decode_heads.distilling_head import DistillingHead
from mmmtl.models.decode_heads.feature_propagation import FeaturePropagation
from mmmtl.models.decode_heads.fpn_head import resized_like
from mmmtl.models.decode_heads.hrnet_head import HRNetHead
from mmmtl.models.decode_heads.residual_blocks import basic_blocks
from mmmtl.models.decode_heads.task_distillation import TaskDistillation
from mmmtl.registry import MODELS
from mmmtl.tasks import Task


@MODELS.register_module()
class MTINetHead(DistillingHead):
    """MTI-Net (Vandenhende, Georgoulis and Van Gool, ECCV 2020), for any feature pyramid.

    From the coarsest scale to the finest, each task has two basic blocks and an intermediate prediction;
    `FeaturePropagation` combines the tasks, and its result is concatenated to the features of the next finer scale. At
    each scale, `TaskDistillation` exchanges messages between the tasks. Each task resizes its distilled features to the
    finest scale and concatenates them for the final prediction. The intermediate predictions are trained too, as the
    stages ``scale_i``, 0 for the finest.

    Where we differ: classifiers have small initial weights, see `classifier`.

    ``forward``: features, tuple of (N, in_channels[i], h_i, w_i) -> {task: logits (N, task.channels, h_0, w_0)}.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, fine to coarse; passed by the model.
        strides: Strides of the features, in the same order; passed by the model.
        task_softmax: ``'published'``, with which the released weights were trained, or ``'tasks'``, as in the paper;
            see `FeaturePropagation`.
        auxiliary: See `DistillingHead`.
        messages: See `DistillingHead`; without messages, each task passes its own features to the next finer scale.
        intermediate_weight: See `DistillingHead`.

    Raises:
        ConfigError: ``task_softmax`` is unknown, or as for `DistillingHead`.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        task_softmax: str = 'published',
        auxiliary: Sequence[str] = (),
        messages: bool = True,
        intermediate_weight: float = 1.0,
    ) -> None:
        super().__init__(tasks, in_channels, strides, auxiliary, messages, intermediate_weight)
        if task_softmax not in ('published', 'tasks'):
            raise ConfigError(f"MTINetHead.task_softmax must be 'published' or 'tasks', found {task_softmax!r}")
        input_widths = [width + coarser for width, coarser in zip(in_channels, [*in_channels[1:], 0], strict=True)]
        self.initial = nn.ModuleList(
            nn.ModuleDict({name: basic_blocks(input_width, width) for name in tasks})
            for input_width, width in zip(input_widths, in_channels, strict=True)
        )
        self.initial_logits = nn.ModuleList(
            nn.ModuleDict({name: classifier(width, task.channels) for name, task in tasks.items()})
            for width in in_channels
        )
        self.propagation = nn.ModuleList(  # at every scale but the finest
            FeaturePropagation(tasks, width, task_softmax) for width in (in_channels[1:] if messages else ())
        )
        self.distillation = nn.ModuleList(
            TaskDistillation(self.final_tasks, tasks if messages else (), width) for width in in_channels
        )
        width = sum(in_channels)
        self.final = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Conv2d(width, width, 1), nn.BatchNorm2d(width), nn.ReLU(), classifier(width, task.channels)
                )
                for name, task in self.final_tasks.items()
            }
        )

    @property
    def intermediate_stages(self) -> dict[str, IntermediateStage]:
        """The intermediate predictions of each scale; of auxiliary tasks, the finest ones are the final ones."""
        return {
            f'scale_{index}': IntermediateStage(self.tasks if index else self.final_tasks, self.intermediate_weight)
            for index in range(len(self.in_channels))
        }

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> HeadOutput:
        """Return logits (N, task.channels, h_0, w_0) of every task and, in training, those of each scale."""
        own = self.task_features(features)
        distilled = [messages(maps) for messages, maps in zip(self.distillation, own, strict=True)]
        logits = {
            name: self.final[name](HRNetHead.join([maps[name] for maps in distilled]))
            if name in self.final
            else _scale(self.initial_logits, 0)[name](own[0][name])
            for name in self.tasks
        }
        if not self.training:
            return HeadOutput(logits)
        stages = enumerate(self.intermediate_stages.items())
        return HeadOutput(
            logits,
            {
                stage: {name: _scale(self.initial_logits, index)[name](own[index][name]) for name in declared.tasks}
                for index, (stage, declared) in stages
            },
        )

    def task_features(self, features: Sequence[Tensor]) -> list[dict[str, Tensor]]:
        """Return the features ``{task: (N, in_channels[i], h_i, w_i)}`` of the tasks at each scale, fine to coarse."""
        found: list[dict[str, Tensor]] = []
        passed: Mapping[str, Tensor] = {}  # from the next coarser scale
        for index in reversed(range(len(features))):
            scale = features[index]
            own = {
                name: blocks(torch.cat([scale, resized_like(passed[name], scale)], dim=1) if passed else scale)
                for name, blocks in _scale(self.initial, index).items()
            }
            found.insert(0, own)
            passed = self.propagation[index - 1](own) if self.messages and index > 0 else own
        return found


def _scale(modules: nn.ModuleList, index: int) -> nn.ModuleDict:
    """Return the modules of the tasks at one scale."""
    return cast(nn.ModuleDict, modules[index])
