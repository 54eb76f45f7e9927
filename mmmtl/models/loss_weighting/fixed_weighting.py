"""Constant weights, 1 by default."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.registry import MODELS


@MODELS.register_module()
class FixedWeighting(nn.Module):
    """total = sum over tasks of weight * loss.

    Args:
        tasks: Task names, in the order of the losses.
        weights: ``{task: weight}``; 1 for those not named.

    Raises:
        ConfigError: A weight names no task.
    """

    def __init__(self, tasks: Sequence[str], weights: Mapping[str, float] | None = None) -> None:
        super().__init__()
        weights = weights or {}
        unknown = set(weights) - set(tasks)
        if unknown:
            raise ConfigError(f'loss_weighting.weights names {", ".join(sorted(unknown))}, but the tasks are '
                              f'{", ".join(tasks)}')
        self.register_buffer('weights', torch.tensor([float(weights.get(task, 1)) for task in tasks]), persistent=False)

    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        """losses (T,), present bool (T,) -> the total; a task that is not present has loss 0 already."""
        return (losses * self.weights).sum()
