"""The contract of a loss weighting: a correct one passes, and each way to break it is named."""

import pytest
import torch

from mmmtl.models.loss_weighting import Scalarization
from mmmtl.testing import check_weighting


class Correct(Scalarization):
    """Weights proportional to 1 / the running mean of the loss, with sum T."""

    def __init__(self, tasks) -> None:
        super().__init__(tasks)
        self.register_buffer('mean', torch.zeros(len(self.tasks), dtype=torch.float64))
        self.register_buffer('steps', torch.zeros(len(self.tasks), dtype=torch.float64))

    def update(self, losses, present):
        learns = present & losses.isfinite().all()
        self.steps += learns
        self.mean += torch.where(learns, (losses - self.mean) / self.steps.clamp(min=1), 0)

    def weights(self, losses, present):
        weights = torch.where(present, 1 / self.mean.clamp(min=1e-12), 0)
        return weights * present.sum() / weights.sum().clamp(min=1e-12)

    def scalarize(self, losses, present):
        with torch.no_grad():
            self.update(losses, present)
            weights = self.weights(losses, present)
        return (weights * losses).sum()


class OutsideTheCheckpoint(Correct):
    def __init__(self, tasks) -> None:
        super().__init__(tasks)
        del self.mean
        self.mean = torch.zeros(len(self.tasks), dtype=torch.float64)


class CountsAbsentTasks(Correct):
    def update(self, losses, present):
        super().update(losses, torch.ones_like(present))

    def weights(self, losses, present):
        weights = 1 / (1 + self.mean)
        return weights / weights.sum()


class PrefersTheFirstTask(Correct):
    def weights(self, losses, present):
        return super().weights(losses, present) * torch.linspace(1, 0.5, len(losses))


class Unconnected(Correct):
    def forward(self, losses, present, parameters=None):
        if not present.any():
            return torch.tensor(0.0, requires_grad=True), torch.zeros(len(losses))
        return super().forward(losses, present, parameters)


class DividesByAbsentTasks(Correct):
    def weights(self, losses, present):
        return present.sum() / self.mean / torch.where(present, 1 / self.mean, 0).sum() * present


class GrowingState(Correct):
    def __init__(self, tasks) -> None:
        super().__init__(tasks)
        self.register_buffer('history', torch.zeros(0, dtype=torch.float64))

    def update(self, losses, present):
        super().update(losses, present)
        self.history = torch.cat([self.history, losses.detach()])


class RemembersInfinity(Correct):
    def update(self, losses, present):
        self.steps += present
        self.mean += torch.where(present, (losses - self.mean) / self.steps.clamp(min=1), 0)


class DoublePrecision(Correct):
    def forward(self, losses, present, parameters=None):
        total, weights = super().forward(losses, present, parameters)
        return total.double(), weights


class WeightsWithGraph(Correct):
    def forward(self, losses, present, parameters=None):
        total, weights = super().forward(losses, present, parameters)
        return total, weights * (losses[0] / losses[0].detach())


class HidesInfinity(Correct):
    def forward(self, losses, present, parameters=None):
        return super().forward([loss if loss.isfinite() else torch.zeros(()) for loss in losses], present, parameters)


class NeglectsATask(Correct):
    def weights(self, losses, present):
        kept = (losses < losses.max()) | (present.sum() < 2)
        return super().weights(losses, present) * kept


def test_a_correct_weighting():
    check_weighting(Correct)


@pytest.mark.parametrize(
    ('wrong', 'violated'),
    [
        (OutsideTheCheckpoint, 'state is in the checkpoint'),
        (CountsAbsentTasks, 'absent tasks are ignored'),
        (PrefersTheFirstTask, 'weights follow the order of tasks'),
        (Unconnected, 'no task is a connected zero'),
        (DividesByAbsentTasks, 'absent tasks are ignored|tasks may come and go'),
        (GrowingState, 'state has a fixed shape'),
        (RemembersInfinity, 'infinite loss leaves no trace'),
        (DoublePrecision, 'total and gradients are finite: total is .*float64'),
        (WeightsWithGraph, 'total and gradients are finite: weights have a graph'),
        (HidesInfinity, 'infinite loss leaves no trace: .* would not be skipped'),
        (NeglectsATask, 'total and gradients are finite: the gradient of heads.* is zero'),
    ],
    ids=lambda value: getattr(value, '__name__', None),
)
def test_a_wrong_weighting_is_named(wrong, violated):
    with pytest.raises(AssertionError, match=f'{wrong.__name__}.*: ({violated})'):
        check_weighting(wrong)
