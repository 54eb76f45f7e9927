"""DWA: tasks whose loss falls slowly get larger weights."""

from collections.abc import Sequence

import torch
from mmengine.logging import MessageHub
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.scalarization import Scalarization, finite_present, masked_softmax
from mmmtl.registry import MODELS


@MODELS.register_module()
class DynamicWeightAverage(Scalarization):
    """weight = n * softmax(r / temperature), r = mean loss in the last epoch / in the one before it.

    Liu, Johns and Davison, "End-to-end multi-task learning with attention", CVPR 2019, eq. 7; the weights are 1 in the
    first two epochs. Means are over the steps in which a task was present; with gradient accumulation, every batch
    counts as a step. A task absent for an epoch keeps its last mean, and r = 1. The means are part of the checkpoint.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        temperature: Temperature > 0 of the softmax; large values make the weights more equal.
        period: Number of steps that count as an epoch. By default the epochs of the run, which needs
            ``train_cfg.by_epoch=True`` and at least three epochs.

    Raises:
        ConfigError: The temperature or the period is not positive; at the first step: the run has too few epochs.
    """

    steps: Tensor
    epoch: Tensor  # of the sums and counts
    sums: Tensor
    counts: Tensor
    means: Tensor  # of the last two epochs

    def __init__(self, tasks: Sequence[str], temperature: float = 2.0, period: int | None = None) -> None:
        super().__init__(tasks)
        if not temperature > 0 or (period is not None and not period > 0):
            raise ConfigError(
                f'DynamicWeightAverage: temperature and period must be above 0, found {temperature!r} and {period!r}'
            )
        self.temperature, self.period = temperature, period
        self.register_buffer('steps', torch.zeros((), dtype=torch.int64))
        self.register_buffer('epoch', torch.zeros((), dtype=torch.int64))
        self.register_buffer('sums', torch.zeros(len(self.tasks), dtype=torch.float64))
        self.register_buffer('counts', torch.zeros(len(self.tasks), dtype=torch.float64))
        self.register_buffer('means', torch.zeros(2, len(self.tasks), dtype=torch.float64))

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        with torch.no_grad():
            self._start_epoch(self._current_epoch())
            counted = finite_present(losses, present)
            self.sums += torch.where(counted, losses, 0)
            self.counts += counted
            self.steps += 1
            older, newer = self.means
            rates = torch.where((older > 0) & (newer > 0), newer / older, 1)
            weights = masked_softmax(rates / self.temperature, present) * present.sum()
        return (weights * losses).sum()

    def _start_epoch(self, epoch: Tensor | int) -> None:
        """Compute the means and reset the sums if the epoch has changed, without host-device synchronization."""
        over = torch.ne(self.epoch, epoch)
        newer = torch.where(self.counts > 0, self.sums / self.counts, self.means[1])
        self.means.copy_(torch.where(over, torch.stack([self.means[1], newer]), self.means))
        self.sums *= ~over
        self.counts *= ~over
        self.epoch.copy_(torch.where(over, epoch, self.epoch))

    def _current_epoch(self) -> Tensor | int:
        if self.period is not None:
            return self.steps // self.period
        hub = MessageHub.get_current_instance()
        if hub.get_info('max_epochs', 3) < 3:
            raise ConfigError(
                'DynamicWeightAverage compares epochs, and this run has fewer than three: set '
                'loss_weighting.period, the number of steps that count as an epoch'
            )
        return hub.get_info('epoch', 0)
