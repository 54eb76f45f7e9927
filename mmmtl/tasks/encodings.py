"""Optional: how predictions and labels of a task are put before a network that relates tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from mmmtl.tasks.task import Task

FLATTEST = 1e-3  # the least that an image's largest value is taken for, so that no gradient explodes


class Encoding(ABC):
    """Maps of the order of 1 in which a right prediction looks like its label.

    Args:
        task: Whose predictions and labels are encoded.
    """

    channels: int  # of both

    def __init__(self, task: Task) -> None:
        self.task = task

    @abstractmethod
    def encode(self, logits: Tensor) -> Tensor:
        """Logits -> (N, channels, H, W), differentiable."""

    @abstractmethod
    def encode_target(self, target: Tensor) -> Tensor:
        """A target -> (N, channels, H, W) in the same terms, one constant where void, which no known pixel has."""


class RelativeEncoding(Encoding):
    """Positive values divided by the image's maximum, as MTPSL does with depth; 0 where void.

    By its largest absolute value, so that a network that still predicts negative values is not divided by 0.
    """

    channels = 1

    def encode(self, logits: Tensor) -> Tensor:
        return relative(self.task.activate(logits))

    def encode_target(self, target: Tensor) -> Tensor:
        return relative(self.task.to_values(target))


class YesNoEncoding(Encoding):
    """Of one logit, the probabilities of no and of yes, so that void, where both are 0, is not taken for "no"."""

    channels = 2

    def encode(self, logits: Tensor) -> Tensor:
        return torch.cat([(-logits).sigmoid(), logits.sigmoid()], dim=1)

    def encode_target(self, target: Tensor) -> Tensor:
        return both_fractions(self.task.to_values(target), self.task.valid(target))


def relative(values: Tensor) -> Tensor:
    """Values (N, 1, H, W) divided by the largest absolute one of their image."""
    return values / values.abs().amax((1, 2, 3), keepdim=True).clamp(min=FLATTEST)


def both_fractions(yes: Tensor, valid: Tensor) -> Tensor:
    """The fraction of yes (N, 1, H, W) -> those of no and of yes (N, 2, H, W), both 0 where not ``valid`` (N, H, W)."""
    return torch.cat([1 - yes, yes], dim=1) * valid[:, None]
