"""PCD: one primary task, and a guaranteed fraction of progress for every other task."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.gramian_weighting import GramianWeighting
from mmmtl.models.loss_weighting.torchjd_weighting import build_torchjd
from mmmtl.registry import MODELS


@MODELS.register_module()
class PriorityConstrainedDescent(GramianWeighting):
    """torchjd's PCD: the step closest to the primary task's gradient with enough progress on every other task.

    "Not all objectives are born equal: priority-constrained descent for hierarchical multi-objective optimization",
    TMLR 2026. If the primary task is absent, all weights are 1. The moving averages of the gradients' squared norms are
    stored per task, are part of the checkpoint, and do not change for absent tasks; that of a task that first appears
    later starts at its first norm.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        primary: Name of the primary task.
        shared: Prefixes of the names of the shared parameters, such as ``'backbone'``.
        tau: Fraction, in [0, 1], of the progress along its own gradient that every other task is guaranteed.
        beta: Decay of the moving average, in [0, 1).
        weight_heads: Whether the weights apply to the heads too, see `GramianWeighting`.

    Raises:
        ConfigError: ``primary`` is unknown, an option is out of range, or torchjd is not installed.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        primary: str,
        shared: Sequence[str] = ('backbone',),
        *,
        tau: float = 0.02,
        beta: float = 0.999,
        weight_heads: bool = False,
    ) -> None:
        super().__init__(tasks, shared, weight_heads=weight_heads)
        if primary not in self.tasks:
            raise ConfigError(f'loss_weighting.primary must be one of {", ".join(self.tasks)}, found {primary!r}')
        self.primary, self.tau, self.beta = self.tasks.index(primary), tau, beta
        self._build()  # a missing extra or a wrong value fails here, before the run

    def _build(self) -> Any:
        return build_torchjd('PCD', {'tau': self.tau, 'beta': self.beta})

    def state_size(self) -> int:
        """Return T + 1: a squared norm per task, and the number of steps."""
        return len(self.tasks) + 1

    def solve(self, gramian: Tensor, losses: Tensor, indices: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        if self.primary not in indices:
            return torch.ones_like(losses), state
        state = state.clone()
        order = (indices != self.primary).int().argsort(stable=True)  # the primary task first
        gramian, indices = gramian[order][:, order], indices[order]
        averages, steps = state[:-1], int(state[-1])  # bias-corrected averages
        known = torch.where(averages[indices] > 0, averages[indices], gramian.diagonal())
        weighting = self._build()
        # torchjd resets its averages when the number of tasks changes, so they are set and read here
        weighting._sq_norm_ema, weighting._state_key = known * (1 - self.beta**steps), len(indices)
        weighting._n_steps = torch.tensor(steps)
        weights = torch.empty_like(losses)
        weights[order] = weighting(gramian)
        averages[indices] = weighting._sq_norm_ema / (1 - self.beta ** (steps + 1))
        state[-1] = steps + 1
        return weights, state
