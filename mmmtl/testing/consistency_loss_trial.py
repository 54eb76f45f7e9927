"""A consistency loss to check, and its value on a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mmmtl.models.consistency_losses import ConsistencyLoss
from mmmtl.tasks import Task
from mmmtl.testing.batches import IN_CHANNELS, SHOWN, STRIDES, TASKS, Batch, make_batch
from mmmtl.testing.contract import MakeLabel, first_values

Build = Callable[..., ConsistencyLoss]
TOLERANCE = 1e-4


@dataclass
class LossTrial:
    """A consistency loss to check, and the options of its batches; see `check_consistency_loss` for the arguments."""

    build: Build
    tasks: Mapping[str, Task]
    labels: Mapping[str, MakeLabel]
    crops: bool
    needs_labels: bool

    def loss(self, tasks: Mapping[str, Task] | None = None, **options: Any) -> ConsistencyLoss:
        """Build the loss with the same initial parameters every time."""
        torch.manual_seed(0)
        return self.build(tasks=tasks or self.tasks, in_channels=IN_CHANNELS, strides=STRIDES, **options)

    def batch(self, shown: Sequence[Sequence[str]] | None = None, *, void: float = 0.3, seed: int = 0) -> Batch:
        """Return a batch of seven images with no, one or two labels each, or with the labels in ``shown``."""
        shown = self.shown if shown is None else shown
        return make_batch(shown, self.tasks, self.labels, void=void, crops=self.crops, seed=seed)

    @property
    def shown(self) -> list[list[str]]:
        """`SHOWN` with the names of these tasks."""
        names = dict(zip(TASKS, [*self.tasks] * len(TASKS), strict=False))
        return [list(dict.fromkeys(names[name] for name in labels)) for labels in SHOWN]


def value_of(loss: ConsistencyLoss, batch: Batch) -> Tensor:
    """Return the loss without a graph, with the same random numbers every time."""
    torch.manual_seed(1)
    with torch.no_grad():
        return loss(*batch)


def assert_equal_losses(
    found: Tensor, expected: Tensor, when: str, exact: bool = True, tolerance: float = TOLERANCE
) -> None:
    """Assert that two values of a loss are equal, or close unless ``exact``."""
    close = torch.equal(found, expected) if exact else torch.isclose(found, expected, rtol=tolerance, atol=tolerance)
    assert close, f'{first_values(expected[None])} becomes {first_values(found[None])} {when}'
