"""The loss weighting: a task whose loss varies more, relative to its mean, gets a larger weight."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmmtl.models.loss_weighting import Scalarization
from mmmtl.registry import MODELS

SMALLEST = 1e-12  # keeps divisions finite


@MODELS.register_module()
class CoVWeighting(Scalarization):
    """Weight losses by the coefficient of variation of their ratios; the weights sum to 1.

    Groenendijk et al., "Multi-loss weighting with coefficient of variations", WACV 2021. The loss ratio of a task is
    its loss / its mean loss over the steps before; its weight is proportional to standard deviation / mean of its
    ratios over the steps before. Until every labelled task has two ratios, all of them have the same weight.

    Args:
        tasks: Task names, in the order of the losses.
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__(tasks)
        for name in ('steps', 'mean_loss', 'mean_ratio', 'squares'):  # buffers: they belong in the checkpoint
            self.register_buffer(name, torch.zeros(len(self.tasks), dtype=torch.float64))

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        with torch.no_grad():
            spread = (self.squares / self.steps.clamp(min=1)).sqrt() / self.mean_ratio.clamp(min=SMALLEST)
            spread = torch.where(present, spread, 0)
            ready = (~present | (self.steps >= 2)).all() & (spread.sum() > 0)
            spread = torch.where(ready, spread, present.double())
            weights = spread / spread.sum().clamp(min=SMALLEST)
            self._update(losses, present & losses.isfinite().all())
        return (weights * losses).sum()

    def _update(self, losses: Tensor, learns: Tensor) -> None:
        """Add a step to the means and the sum of squared deviations (Welford) of the tasks in ``learns``, bool (T,)."""
        ratio = torch.where(self.steps > 0, losses / self.mean_loss.clamp(min=SMALLEST), 1)
        self.steps += learns
        rate = torch.where(learns, 1 / self.steps.clamp(min=1), 0)
        mean = self.mean_ratio + torch.where(learns, rate * (ratio - self.mean_ratio), 0)
        self.squares += torch.where(learns, (ratio - self.mean_ratio) * (ratio - mean), 0)
        self.mean_ratio.copy_(mean)
        self.mean_loss += torch.where(learns, rate * (losses - self.mean_loss), 0)
