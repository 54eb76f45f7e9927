"""Uncertainty weighting: a learned noise variance per task."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.scalarization import Scalarization
from mmmtl.registry import MODELS


@MODELS.register_module()
class UncertaintyWeighting(Scalarization):
    """total = sum over tasks of factor * exp(-s) * loss + s / 2, s = log of the task's noise variance.

    Kendall, Gal and Cipolla, "Multi-task learning using uncertainty to weigh losses", CVPR 2018, eq. 7 and 10. In
    the paper the factor is 1/2 for regression and 1 for classification; as in most implementations, the default is 1/2
    for all. s starts at 0 and is learned by the network's optimizer. Its gradient is 0 while its task is absent (weight
    decay or momentum may still change it).

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        factors: ``{task: factor}``; 0.5 for other tasks.

    Raises:
        ConfigError: ``factors`` names an unknown task.
    """

    factors: Tensor

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
