"""Weightings that look at the inner products of the tasks' gradients."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce, broadcast
from torch import Tensor, nn

from mmmtl.models.loss_weighting.loss_weighting import LossWeighting
from mmmtl.models.loss_weighting.task_gradients import TaskGradients


class GramianWeighting(LossWeighting):
    """Weights from the T x T matrix of inner products of the tasks' gradients on the shared parameters.

    See `TaskGradients` for the cost: T backward passes or one more, T * P floats. That matrix, the T losses, who is
    present and the state are all that leaves the device, in one transfer, for which the host waits once per step. The
    weights of the first process are everybody's.

    Left out are tasks that are not present, weight 0, and tasks whose gradient is exactly 0, weight 1: a row of zeros
    would make most methods stand still or divide by zero. A task that is alone has weight 1. Where a loss or gradient
    is not finite the weights are NaN, so that the step is skipped and reported as any such step.

    With gradient accumulation every small batch has weights of its own.

    Args:
        tasks: Task names, in the order of the losses.
        shared: Beginnings of the names of the shared parameters.
        weigh_heads: Whether the weights multiply the losses, and so what the heads learn too. By default they do not:
            what is not shared learns from the unweighted losses, as in the methods' own papers' algorithms, the total
            that is reported is their sum, and the weighted combination takes the place of the gradient on the shared
            parameters.

    Raises:
        ConfigError: At the first step: ``shared`` matches nothing.
    """

    def __init__(
        self, tasks: Sequence[str], shared: Sequence[str] = ('backbone',), *, weigh_heads: bool = False
    ) -> None:
        super().__init__(tasks)
        self.gradients = TaskGradients(shared)
        self.weigh_heads = weigh_heads
        self.register_buffer('state', torch.zeros(self.state_size(), dtype=torch.float64))

    def state_size(self) -> int:
        """How many numbers the method carries from step to step."""
        return 0

    def forward(
        self, losses: Sequence[Tensor], present: Tensor, parameters: Mapping[str, nn.Parameter]
    ) -> tuple[Tensor, Tensor]:
        gradients = self.gradients(losses, *self.gradients.choose(parameters))
        with torch.autocast(present.device.type, enabled=False):
            whole = gradients.losses.detach().clone()
            all_reduce(whole, op='mean')
            gramian = gradients.rows @ gradients.rows.T
            packed = torch.cat([gramian.double().flatten(), whole.double(), present.double(), self.state])
            decided = self._decide(packed.cpu()).to(present.device)
            broadcast(decided)
            weights = decided[: len(losses)].float()
            self.state.copy_(decided[len(losses) :])
            factors = torch.where(present, weights, 0) if self.weigh_heads else torch.ones_like(weights)
            return gradients.descend(factors, weights), weights

    def _decide(self, packed: Tensor) -> Tensor:
        """Gramian, losses, present and state, one after the other on the host -> weights and state."""
        size = len(self.tasks)
        gramian, losses, present, state = packed.split([size * size, size, size, len(self.state)])
        gramian, present, state = gramian.view(size, size), present.bool(), state.clone()
        weights = present.double()
        if not (gramian.isfinite().all() and losses.isfinite().all()):
            return torch.cat([weights.masked_fill(present, torch.nan), state])
        indices = (present & (gramian.diagonal() > 0)).nonzero().flatten()
        if len(indices) > 1:
            weights[indices] = self.solve(gramian[indices][:, indices], losses[indices], indices, state)
        return torch.cat([weights, state])

    @abstractmethod
    def solve(self, gramian: Tensor, losses: Tensor, indices: Tensor, state: Tensor) -> Tensor:
        """Weights (n,) of the n >= 2 tasks at ``places`` (n,), from their Gramian (n, n) and losses (n,).

        All float64 on the host; ``state`` (S,) is moved in place.
        """
