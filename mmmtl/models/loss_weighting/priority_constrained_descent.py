"""PCD: one task leads, the others are promised a share."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.gramian_weighting import GramianWeighting
from mmmtl.models.loss_weighting.torchjd_weighting import build_torchjd
from mmmtl.registry import MODELS


@MODELS.register_module()
class PriorityConstrainedDescent(GramianWeighting):
    """torchjd's PCD: the step nearest to the primary task's gradient that still serves every other task.

    "Not all objectives are born equal: priority-constrained descent for hierarchical multi-objective optimization",
    TMLR 2026. Where the primary task is not present all weights are 1. The moving average of the gradients' squared
    norms is held by task, in the checkpoint, and kept for absent tasks; a task that appears late begins with its first
    norm.

    Args:
        tasks: Task names, in the order of the losses.
        primary: The task that leads.
        shared: Beginnings of the names of the shared parameters.
        tau: Share, in [0, 1], of the progress along its own gradient that every other task is promised.
        beta: Decay of the moving average, in [0, 1).
        weigh_heads: Whether the heads are weighted too.

    Raises:
        ConfigError: The primary task is no task.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        primary: str,
        shared: Sequence[str] = ('backbone',),
        *,
        tau: float = 0.02,
        beta: float = 0.999,
        weigh_heads: bool = False,
    ) -> None:
        super().__init__(tasks, shared, weigh_heads=weigh_heads)
        if primary not in self.tasks:
            raise ConfigError(f'loss_weighting.primary must be one of {", ".join(self.tasks)}, found {primary!r}')
        self.primary, self.tau, self.beta = self.tasks.index(primary), tau, beta
        self._build()  # a missing extra or a wrong value is told before the run

    def _build(self):
        return build_torchjd('PCD', {'tau': self.tau, 'beta': self.beta})

    def state_size(self) -> int:
        return len(self.tasks) + 1

    def solve(self, gramian: Tensor, losses: Tensor, indices: Tensor, state: Tensor) -> Tensor:
        if self.primary not in indices:
            return torch.ones_like(losses)
        order = (indices != self.primary).int().argsort(stable=True)  # the primary task first
        gramian, indices = gramian[order][:, order], indices[order]
        averages, steps = state[:-1], int(state[-1])  # averages are free of the bias of their start
        known = torch.where(averages[indices] > 0, averages[indices], gramian.diagonal())
        weighting = self._build()
        # torchjd forgets its average when the number of tasks changes, so it is handed in and taken back
        weighting._sq_norm_ema, weighting._state_key = known * (1 - self.beta**steps), len(indices)
        weighting._n_steps = torch.tensor(steps)
        weights = torch.empty_like(losses)
        weights[order] = weighting(gramian)
        averages[indices] = weighting._sq_norm_ema / (1 - self.beta ** (steps + 1))
        state[-1] = steps + 1
        return weights
