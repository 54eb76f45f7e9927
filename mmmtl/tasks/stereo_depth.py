"""Optional: a network's depth as the shift between the views of a stereo pair."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from mmmtl.tasks.task import Task

NEAREST = 0.1  # metres; a depth that is no inverse is lifted to it before it becomes a disparity


class StereoDepth(ABC):
    """Logits that stand for a depth in metres.

    Args:
        task: Whose logits they are.
    """

    def __init__(self, task: Task) -> None:
        self.task = task

    @abstractmethod
    def normalized_disparity(self, logits: Tensor, baseline: Tensor) -> Tensor:
        """Baseline (metres, broadcast) over depth: disparity in focal lengths."""


class InvertedDepth(StereoDepth):
    """The task's own metres, inverted, at 0.1 m at the nearest."""

    def normalized_disparity(self, logits: Tensor, baseline: Tensor) -> Tensor:
        return baseline / self.task.activate(logits).clamp(min=NEAREST)
