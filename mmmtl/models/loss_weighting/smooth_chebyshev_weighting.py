"""Smooth Tchebycheff scalarization: a smooth maximum of the losses."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.scalarization import Scalarization
from mmmtl.registry import MODELS


@MODELS.register_module()
class SmoothChebyshevWeighting(Scalarization):
    """total = mu * log(sum over tasks of exp(preference * (loss - ideal) / mu)).

    STCH of Lin et al., "Smooth Tchebycheff scalarization for multi-objective optimization", ICML 2024. The
    preferences of the present tasks are scaled to the sum 1.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        mu: Smoothing > 0, in units of the losses; small values approach the largest loss.
        preferences: ``{task: preference > 0}``; 1 for other tasks.
        ideals: ``{task: lowest loss that can be reached}``; 0 for other tasks.

    Raises:
        ConfigError: mu or a preference is not positive, or a task is unknown.
    """

    preferences: Tensor
    ideals: Tensor

    def __init__(
        self,
        tasks: Sequence[str],
        mu: float = 1.0,
        preferences: Mapping[str, float] | None = None,
        ideals: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(tasks)
        if not mu > 0:
            raise ConfigError(f'SmoothChebyshevWeighting.mu must be above 0, found {mu!r}')
        unknown = {*(preferences or {}), *(ideals or {})} - set(tasks)
        if unknown:
            raise ConfigError(
                f'loss_weighting: preferences or ideals name {", ".join(sorted(unknown))}, but the tasks '
                f'are {", ".join(tasks)}'
            )
        if preferences is not None and any(not value > 0 for value in preferences.values()):
            raise ConfigError(f'SmoothChebyshevWeighting.preferences must be above 0, found {dict(preferences)}')
        self.mu = mu
        for name, given, default in (('preferences', preferences, 1), ('ideals', ideals, 0)):
            values = [float((given or {}).get(task, default)) for task in tasks]
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64), persistent=False)

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        preferences = torch.where(present, self.preferences, 0)
        scaled = preferences / preferences.sum().clamp(min=1e-12) * (losses - self.ideals) / self.mu
        # finite if all tasks are absent; the result is then multiplied by 0
        scaled = torch.where(present | ~present.any(), scaled, -torch.inf)
        return self.mu * torch.logsumexp(scaled, 0) * present.any()
