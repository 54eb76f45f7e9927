"""Labels of a task as classes, for auxiliary predictions that group pixels by class."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mmmtl.tasks.semseg import SemSeg
from mmmtl.tasks.task import Task


class LabelClasses(ABC):
    """A division of the labels of a task into classes."""

    count: int
    """Number of classes."""

    loss: Mapping[str, Any] = {'type': 'CrossEntropy'}
    """Loss of predicted classes."""

    @abstractmethod
    def index(self, values: Tensor) -> Tensor:
        """Return the class (N, H, W), int64, of values (N, C, H, W) as of `Task.to_values`; arbitrary if void."""


class LogDepthBins(LabelClasses):
    """Bins of equal width in the logarithm of depth; depths outside of the range are in the first or the last bin.

    Args:
        nearest: Depth at which the first bin begins, in metres.
        farthest: Depth at which the last bin ends, in metres.
        count: Number of bins.
    """

    def __init__(self, nearest: float = 0.7, farthest: float = 10.0, count: int = 40) -> None:
        self.nearest, self.farthest, self.count = nearest, farthest, count

    def index(self, values: Tensor) -> Tensor:
        fraction = (values[:, 0].clamp(min=self.nearest) / self.nearest).log() / math.log(self.farthest / self.nearest)
        return (fraction * self.count).long().clamp(max=self.count - 1)


class NearestDirection(LabelClasses):
    """The nearest of a set of directions that face the camera, spread evenly over the hemisphere (a Fibonacci lattice).

    Args:
        count: Number of directions.
    """

    def __init__(self, count: int = 40) -> None:
        self.count = count
        step = torch.arange(count, dtype=torch.float64)
        z = -(step + 0.5) / count
        angle, radius = step * (math.pi * (3 - math.sqrt(5))), (1 - z.square()).sqrt()
        self.directions = torch.stack([radius * angle.cos(), radius * angle.sin(), z], 1).float()  # (count, 3)

    def index(self, values: Tensor) -> Tensor:
        directions = self.directions.to(values.device, non_blocking=True)
        return torch.einsum('nchw,kc->nkhw', values, directions.to(values.dtype)).argmax(1)


class Halves(LabelClasses):
    """Two classes: values up to 0.5, and values above.

    Args:
        positive_weight: Weight w of the second class in the loss; the first one has 1 - w.
    """

    count = 2

    def __init__(self, positive_weight: float) -> None:
        self.loss = {'type': 'CrossEntropy', 'class_weight': (1 - positive_weight, positive_weight)}

    def index(self, values: Tensor) -> Tensor:
        return (values[:, 0] > 0.5).long()


class ClassifiedTask(SemSeg):
    """A task that predicts the classes of another task's labels.

    Args:
        task: The task whose labels are used.
        label_classes: Their division into classes.
    """

    def __init__(self, task: Task, label_classes: LabelClasses) -> None:
        names = [f'{task.name} {index}' for index in range(label_classes.count)]
        super().__init__(task.name, names, loss=label_classes.loss)
        self.task, self.label_classes = task, label_classes

    def valid(self, target: Tensor) -> Tensor:
        return self.task.valid(target)

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return logits, self.label_classes.index(self.task.to_values(target))
