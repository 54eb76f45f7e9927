"""DWA: a task whose loss falls slowly weighs more."""

from collections.abc import Sequence

import torch
from mmengine.logging import MessageHub
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.scalarization import Scalarization, masked_softmax, sound
from mmmtl.registry import MODELS


@MODELS.register_module()
class DynamicWeightAverage(Scalarization):
    """weight = n * softmax(r / temperature), r = mean loss in the last epoch / in the one before it.

    Liu, Johns and Davison, "End-to-end multi-task learning with attention", CVPR 2019, eq. 7; the weights are 1 in the
    first two epochs. Means are over the steps in which a task was present; with gradient accumulation every small batch
    is a step. A task with none in an epoch keeps its last mean, and r = 1. The means are in the checkpoint.

    Args:
        tasks: Task names, in the order of the losses.
        temperature: > 0, the larger the more equal the weights.
        period: Steps that count as an epoch; by default the run's epochs, which need ``train_cfg.by_epoch=True`` and
            at least three of them.

    Raises:
        ConfigError: The temperature or the period is not positive, or the run has too few epochs to ever move.
    """

    def __init__(self, tasks: Sequence[str], temperature: float = 2.0, period: int | None = None) -> None:
        super().__init__(tasks)
        if not temperature > 0 or (period is not None and not period > 0):
            raise ConfigError(
                f'DynamicWeightAverage: temperature and period must be above 0, found {temperature!r} and {period!r}'
            )
        self.temperature, self.period = temperature, period
        self.register_buffer('steps', torch.zeros((), dtype=torch.int64))
        self.register_buffer('epoch', torch.zeros((), dtype=torch.int64))  # to which the sums belong
        self.register_buffer('sums', torch.zeros(len(self.tasks), dtype=torch.float64))
        self.register_buffer('counts', torch.zeros(len(self.tasks), dtype=torch.float64))
        self.register_buffer('means', torch.zeros(2, len(self.tasks), dtype=torch.float64))  # of the last two epochs

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        with torch.no_grad():
            self._turn_page(self._epoch_now())
            seen = sound(losses, present)
            self.sums += torch.where(seen, losses, 0)
            self.counts += seen
            self.steps += 1
            older, newer = self.means
            rates = torch.where((older > 0) & (newer > 0), newer / older, 1)
            weights = masked_softmax(rates / self.temperature, present) * present.sum()
        return (weights * losses).sum()

    def _turn_page(self, now: Tensor | int) -> None:
        over = self.epoch != now
        newer = torch.where(self.counts > 0, self.sums / self.counts, self.means[1])
        self.means.copy_(torch.where(over, torch.stack([self.means[1], newer]), self.means))
        self.sums *= ~over
        self.counts *= ~over
        self.epoch.copy_(torch.where(over, now, self.epoch))

    def _epoch_now(self) -> Tensor | int:
        if self.period is not None:
            return self.steps // self.period
        hub = MessageHub.get_current_instance()
        if hub.get_info('max_epochs', 3) < 3:
            raise ConfigError(
                'DynamicWeightAverage compares epochs and this run has fewer than three: name the '
                'number of steps that count as one, loss_weighting.period'
            )
        return hub.get_info('epoch', 0)
