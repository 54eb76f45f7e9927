"""Encodings of predictions and labels as inputs of networks that relate tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from mmmtl.tasks.task import Task

MIN_SCALE = 1e-3  # lower bound of an image's maximum, against exploding gradients


class Encoding(ABC):
    """An encoding of predictions and labels of a task.

    Encoded maps have values of the order of 1, and a correct prediction is encoded like its label.

    Args:
        task: The task of the predictions and labels.
    """

    channels: int
    """Number of channels of encoded maps."""

    def __init__(self, task: Task) -> None:
        self.task = task

    @abstractmethod
    def encode(self, logits: Tensor) -> Tensor:
        """Encode logits (N, task.channels, H, W) as (N, channels, H, W), differentiably."""

    @abstractmethod
    def encode_target(self, target: Tensor) -> Tensor:
        """Encode a target (N, task.target_channels, H, W) as (N, channels, H, W).

        Void pixels are encoded by one constant vector that no valid pixel has.
        """


class RelativeEncoding(Encoding):
    """Positive values divided by their maximum over the image, as in MTPSL for depth; 0 where void.

    The maximum is that of the absolute values, as an untrained network may predict only negative ones.
    """

    channels = 1

    def encode(self, logits: Tensor) -> Tensor:
        return divide_by_maximum(self.task.activate(logits))

    def encode_target(self, target: Tensor) -> Tensor:
        return divide_by_maximum(self.task.to_values(target))


class MetricEncoding(Encoding):
    """A function of the depth in metres, which depends on its scale, unlike `RelativeEncoding`; 0 where void. Ours.

    Where the function clamps the prediction, also where this is negative, it gets no gradient.
    """

    channels = 1

    @abstractmethod
    def of_depth(self, depth: Tensor) -> Tensor:
        """Map metres to (0, 1]."""

    def encode(self, logits: Tensor) -> Tensor:
        return self.of_depth(self.task.activate(logits))

    def encode_target(self, target: Tensor) -> Tensor:
        return self.of_depth(self.task.to_values(target)) * self.task.valid(target)[:, None]


class LogDepthEncoding(MetricEncoding):
    """The logarithm of depth, (2 + log10(metres)) / 4: 0.25 at 0.1 m or nearer, 1 at 100 m or farther."""

    def of_depth(self, depth: Tensor) -> Tensor:
        return (2 + depth.clamp(0.1, 100).log10()) / 4


class InverseDepthEncoding(MetricEncoding):
    """The inverse of depth, 0.5 m / depth: 1 at 0.5 m or nearer, 0.05 at 10 m."""

    def of_depth(self, depth: Tensor) -> Tensor:
        return 0.5 / depth.clamp(min=0.5)


class BinaryEncoding(Encoding):
    """The probabilities (1 - p, p) of a binary task with one logit; both 0 where void, which differs from p = 0."""

    channels = 2

    def encode(self, logits: Tensor) -> Tensor:
        return torch.cat([(-logits).sigmoid(), logits.sigmoid()], dim=1)

    def encode_target(self, target: Tensor) -> Tensor:
        return binary_fractions(self.task.to_values(target), self.task.valid(target))


def divide_by_maximum(values: Tensor) -> Tensor:
    """Divide values (N, 1, H, W) by the maximum of their absolute values over the image."""
    return values / values.abs().amax((1, 2, 3), keepdim=True).clamp(min=MIN_SCALE)


def binary_fractions(positive: Tensor, valid: Tensor) -> Tensor:
    """Convert p (N, 1, H, W) to (1 - p, p) as (N, 2, H, W); both 0 where not ``valid`` (N, H, W)."""
    return torch.cat([1 - positive, positive], dim=1) * valid[:, None]
