"""Disparity of a stereo pair from the depth that a network predicts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from mmmtl.tasks.task import Task

MIN_DEPTH = 0.1  # metres; smaller depths are clamped before they are inverted


class StereoDepth(ABC):
    """Conversion of the logits of a depth task to disparity.

    Args:
        task: The task of the logits.
    """

    def __init__(self, task: Task) -> None:
        self.task = task

    @abstractmethod
    def normalized_disparity(self, logits: Tensor, baseline: Tensor) -> Tensor:
        """Compute baseline / depth, the disparity in focal lengths, (N, 1, H, W).

        Args:
            logits: (N, 1, H, W).
            baseline: Metres, broadcastable to the logits.
        """


class MetricStereoDepth(StereoDepth):
    """Disparity from a predicted depth in metres, which is clamped to at least 0.1 m."""

    def normalized_disparity(self, logits: Tensor, baseline: Tensor) -> Tensor:
        return baseline / self.task.activate(logits).clamp(min=MIN_DEPTH)
