"""Base class of weightings by the inner products of the tasks' gradients."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce, broadcast
from torch import Tensor, nn

from mmmtl.models.loss_weighting.loss_weighting import LossWeighting
from mmmtl.models.loss_weighting.task_gradients import TaskGradients


class GramianWeighting(LossWeighting):
    """Weights from the Gramian, the T x T inner products of the tasks' gradients on the shared parameters.

    It costs T or T + 1 backward passes and T * P floats, see `TaskGradients`. Gramian, losses, presence and state are
    copied to the host together, so there is one host-device synchronization per step. All processes use the weights of
    rank 0.

    Absent tasks have weight 0. A task whose gradient is exactly 0 has weight 1 and is excluded, as a row of zeros would
    make most methods stop or divide by zero; so has the only present task. If a loss or gradient is not finite,
    the weights are NaN, so that the step is skipped and reported like any such step. With gradient accumulation, every
    batch has its own weights.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        shared: Prefixes of the names of the shared parameters, such as ``'backbone'``.
        weight_heads: Whether the weights multiply the losses, and so apply to the heads too. By default, as in the
            algorithms of the papers, parameters that are not shared learn from the unweighted losses, the reported
            total is their sum, and only the gradient on the shared parameters is the weighted combination.

    Raises:
        ConfigError: At the first step: ``shared`` matches no parameter.
    """

    state: Tensor

    def __init__(
        self, tasks: Sequence[str], shared: Sequence[str] = ('backbone',), *, weight_heads: bool = False
    ) -> None:
        super().__init__(tasks)
        self.gradients = TaskGradients(shared)
        self.weight_heads = weight_heads
        self.register_buffer('state', torch.zeros(self.state_size(), dtype=torch.float64))

    def state_size(self) -> int:
        """Return the number S of values that the method keeps between steps."""
        return 0

    def forward(
        self, losses: Sequence[Tensor], present: Tensor, parameters: Mapping[str, nn.Parameter]
    ) -> tuple[Tensor, Tensor]:
        """Return the total, and the weights (T,)."""
        gradients = self.gradients(losses, *self.gradients.split_parameters(parameters))
        with torch.autocast(present.device.type, enabled=False):
            whole = gradients.losses.detach().clone()
            all_reduce(whole, op='mean')
            gramian = gradients.rows @ gradients.rows.T
            packed = torch.cat([gramian.double().flatten(), whole.double(), present.double(), self.state])
            solution = self._solve_packed(packed.cpu()).to(present.device)
            broadcast(solution)
            weights = solution[: len(losses)].float()
            self.state.copy_(solution[len(losses) :])
            factors = torch.where(present, weights, 0) if self.weight_heads else torch.ones_like(weights)
            return gradients.descend(factors, weights), weights

    def _solve_packed(self, packed: Tensor) -> Tensor:
        """Map gramian, losses, presence and state, concatenated on the host, to weights and state."""
        size = len(self.tasks)
        gramian, losses, present, state = packed.split([size * size, size, size, len(self.state)])
        gramian, present = gramian.view(size, size), present.bool()
        weights = present.double()
        if not (gramian.isfinite().all() and losses.isfinite().all()):
            return torch.cat([weights.masked_fill(present, torch.nan), state])
        indices = (present & (gramian.diagonal() > 0)).nonzero().flatten()
        if len(indices) > 1:
            weights[indices], state = self.solve(gramian[indices][:, indices], losses[indices], indices, state)
        return torch.cat([weights, state])

    @abstractmethod
    def solve(self, gramian: Tensor, losses: Tensor, indices: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the weights of the n >= 2 tasks that are present: a pure function, without model or processes.

        All tensors are float64 on the host, and none is changed.

        Args:
            gramian: (n, n).
            losses: (n,).
            indices: Indices (n,) of these tasks.
            state: (S,), zeros before the first step.

        Returns:
            Weights (n,) and the new state (S,).
        """
