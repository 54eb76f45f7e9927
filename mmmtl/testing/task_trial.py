"""Labels with void pixels, and correct and random logits, to check a task on."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmmtl.tasks import Task
from mmmtl.testing.contract import MakeLabel, with_void_pixels

VOID = 0.3  # fraction of void pixels


@dataclass
class TaskTrial:
    """A task and a random batch.

    Args:
        task: The task.
        label: Labels (N, target_channels, H, W) without void pixels.
        target: The same labels with void pixels.
        logits: Random logits (N, channels, H, W).
    """

    task: Task
    label: Tensor
    target: Tensor
    logits: Tensor

    @classmethod
    def of(cls, task: Task, make_label: MakeLabel, images: int, size: tuple[int, int]) -> TaskTrial:
        """Make a random batch; for the arguments see `check_task`."""
        label = make_label(images, size)
        expected = images, task.target_channels, *size
        assert tuple(label.shape) == expected, f'make_label returns {tuple(label.shape)}, expected {expected}'
        assert label.dtype == task.dtype, f'make_label returns {label.dtype}, expected {task.dtype}'
        assert task.valid(label).all(), 'make_label returns void pixels, but all have to be valid'
        target = with_void_pixels(task, label, VOID)
        return cls(task, label, target, torch.randn(images, task.channels, *size))

    @property
    def valid(self) -> Tensor:
        """Mask of valid pixels, bool (N, H, W)."""
        return self.task.valid(self.target)

    @property
    def correct_logits(self) -> Tensor:
        """Logits (N, channels, H, W) whose prediction is the label; arbitrary at void pixels."""
        return self.task.to_logits(self.task.to_values(self.target).float())

    @property
    def all_void(self) -> Tensor:
        """Targets (N, target_channels, H, W) without a valid pixel."""
        return torch.full_like(self.target, self.task.void)
