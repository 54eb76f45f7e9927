"""The contract of a decode head of all tasks, and its intermediate predictions (deep supervision)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from mmengine.model import BaseModule
from torch import Tensor

from mmmtl.models.batch_context import BatchContext
from mmmtl.models.size_constraint import SizeConstraint
from mmmtl.tasks import Task


@dataclass(frozen=True)
class IntermediateStage:
    """Predictions that a decode head makes before its final ones, and trains too (deep supervision).

    Args:
        tasks: ``{task: Task}``, which gives channels and loss of the intermediate logits; usually the model's tasks. A
            task with a different number of channels, such as depth bins, uses the labels of the model's task of the
            same name.
        weight: Factor of the losses of this stage.
    """

    tasks: Mapping[str, Task]
    weight: float = 1.0


@dataclass(frozen=True)
class HeadOutput:
    """The output of a decode head.

    Args:
        logits: The final logits ``{task: (N, task.channels, h, w)}``, at any resolution.
        intermediate: Intermediate logits ``{stage: {task: (N, channels, h, w)}}``, of the stages and tasks of
            `DecodeHead.intermediate_stages`; may be empty outside training.
        aux: Auxiliary maps by name, of `DecodeHead.aux_names`, as `NeckOutput.aux`.
    """

    logits: Mapping[str, Tensor]
    intermediate: Mapping[str, Mapping[str, Tensor]] = field(default_factory=dict)
    aux: Mapping[str, Tensor] = field(default_factory=dict)


class DecodeHead(BaseModule):
    """Base class of decode heads of all tasks: features -> `HeadOutput`.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the features, fine to coarse; passed by the model.
        strides: Strides of the features; passed by the model.
    """

    looks_across_views: ClassVar[bool] = False
    """Whether the head uses other views of a scene; the context then has views and cameras."""

    size_constraint: SizeConstraint = SizeConstraint()
    """Sizes of images that the head accepts; any by default."""

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.tasks, self.in_channels, self.strides = dict(tasks), tuple(in_channels), tuple(strides)

    @property
    def intermediate_stages(self) -> Mapping[str, IntermediateStage]:
        """The stages of `HeadOutput.intermediate`, by name; none by default."""
        return {}

    @property
    def aux_names(self) -> frozenset[str]:
        """The names of `HeadOutput.aux`; none by default."""
        return frozenset()

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> HeadOutput:
        """Return the logits of every task.

        Args:
            features: The features of neck or backbone, fine to coarse.
            context: The batch.
        """
        raise NotImplementedError
