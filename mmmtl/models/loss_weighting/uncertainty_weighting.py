"""Uncertainty weighting: every task has a noise, learnt with the network."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.scalarization import Scalarization
from mmmtl.registry import MODELS


@MODELS.register_module()
class UncertaintyWeighting(Scalarization):
    """total = sum over tasks of factor * exp(-s) * loss + s / 2, s = log of the task's noise variance.

    Kendall, Gal and Cipolla, "Multi-task learning using uncertainty to weigh losses", CVPR 2018, eq. 7 and 10. There
    the factor is 1/2 for a regression and 1 for a classification; as most codes do, 1/2 is taken for all unless told
    otherwise. s starts at 0, learns with the network's optimiser, and rests while its task is not present (its
    gradient is 0 then; an optimiser with weight decay or momentum may still move it).

    Args:
        tasks: Task names, in the order of the losses.
        factors: ``{task: factor}``; 0.5 for those not named.

    Raises:
        ConfigError: A factor names no task.
    """

    def __init__(self, tasks: Sequence[str], factors: Mapping[str, float] | None = None) -> None:
        super().__init__(tasks)
        unknown = set(factors or {}) - set(tasks)
        if unknown:
            raise ConfigError(
                f'loss_weighting.factors names {", ".join(sorted(unknown))}, but the tasks are {", ".join(tasks)}'
            )
        values = [float((factors or {}).get(task, 0.5)) for task in tasks]
        self.register_buffer('factors', torch.tensor(values, dtype=torch.float64), persistent=False)
        self.log_variances = nn.Parameter(torch.zeros(len(self.tasks)))

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        log_variances = self.log_variances.double()
        return torch.where(present, self.factors * torch.exp(-log_variances) * losses + log_variances / 2, 0).sum()
