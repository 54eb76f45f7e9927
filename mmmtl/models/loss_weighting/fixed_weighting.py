"""Constant weights, 1 by default."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.loss_weighting import LossWeighting
from mmmtl.registry import MODELS


@MODELS.register_module()
class FixedWeighting(LossWeighting):
    """total = sum over tasks of weight * loss.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        weights: ``{task: weight}``; 1 for other tasks.

    Raises:
        ConfigError: ``weights`` names an unknown task.
    """

    weights: Tensor

    is_adaptive = False
    takes_gradients = False

    def __init__(self, tasks: Sequence[str], weights: Mapping[str, float] | None = None) -> None:
        super().__init__(tasks)
        weights = weights or {}
        unknown = set(weights) - set(tasks)
        if unknown:
            raise ConfigError(
                f'loss_weighting.weights names {", ".join(sorted(unknown))}, but the tasks are {", ".join(tasks)}'
            )
        self.register_buffer('weights', torch.tensor([float(weights.get(task, 1)) for task in tasks]), persistent=False)

    def forward(
        self, losses: Sequence[Tensor], present: Tensor, parameters: Mapping[str, nn.Parameter] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the weighted sum and the weights; an absent task has loss 0. ``parameters`` are not used."""
        return (torch.stack(tuple(losses)) * self.weights).sum(), self.weights
