"""What a task is tried on: labels, some of them void, and logits, right ones and random ones."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mmmtl.tasks import Task
from mmmtl.testing.contract import MakeLabel, with_void_pixels

VOID = 0.3  # of the pixels


@dataclass
class TaskTrial:
    """One batch.

    Args:
        task: The task.
        label: (N, target_channels, H, W), every pixel known.
        target: The same with void pixels.
        logits: Random ones (N, channels, H, W).
    """

    task: Task
    label: Tensor
    target: Tensor
    logits: Tensor

    @classmethod
    def of(cls, task: Task, make_label: MakeLabel, images: int, size: tuple[int, int]) -> TaskTrial:
        """Make labels and logits."""
        label = make_label(images, size)
        expected = images, task.target_channels, *size
        assert tuple(label.shape) == expected, f'make_label gives {tuple(label.shape)}, expected {expected}'
        assert label.dtype == task.dtype, f'make_label gives {label.dtype}, but the task states {task.dtype}'
        assert task.valid(label).all(), 'make_label gives void pixels; the contract puts them in itself'
        target = with_void_pixels(task, label, VOID)
        return cls(task, label, target, torch.randn(images, task.channels, *size))

    @property
    def valid(self) -> Tensor:
        """bool (N, H, W) of the targets."""
        return self.task.valid(self.target)

    @property
    def right(self) -> Tensor:
        """Logits that state the label; at void pixels they state whatever stands for no value."""
        return self.task.to_logits(self.task.to_values(self.target).float())

    @property
    def all_void(self) -> Tensor:
        """Targets without a known pixel."""
        return torch.full_like(self.target, self.task.void)
