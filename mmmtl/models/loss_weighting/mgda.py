"""MGDA: the convex combination of the tasks' gradients of minimal norm."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.gramian_weighting import GramianWeighting
from mmmtl.models.loss_weighting.nonnegative_least_squares import min_norm_weights
from mmmtl.registry import MODELS

NORMALIZATIONS = {  # divisor of a task's gradient, from its squared norm and its loss
    'none': lambda squares, losses: torch.ones_like(squares),
    'l2': lambda squares, losses: squares.sqrt(),
    'loss': lambda squares, losses: losses,
    'loss+': lambda squares, losses: losses * squares.sqrt(),
}


@MODELS.register_module()
class MGDA(GramianWeighting):
    """Weights >= 0 of sum 1 that minimize the norm of the combined gradient.

    Sener and Koltun, "Multi-task learning as multi-objective optimization", NeurIPS 2018, eq. 3, solved exactly instead
    of with Frank-Wolfe steps. It uses the gradients of the shared parameters, not the paper's upper bound, which uses
    those of the features. As in the authors' code, the weights are computed from normalized gradients and multiply the
    original ones.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        shared: Prefixes of the names of the shared parameters, such as ``'backbone'``.
        normalization: Divisor of the gradients: ``'none'``, ``'l2'`` (its norm), ``'loss'`` or ``'loss+'`` (loss
            times norm).
        weight_heads: Whether the weights apply to the heads too, see `GramianWeighting`.

    Raises:
        ConfigError: ``normalization`` is unknown.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        shared: Sequence[str] = ('backbone',),
        *,
        normalization: str = 'none',
        weight_heads: bool = False,
    ) -> None:
        super().__init__(tasks, shared, weight_heads=weight_heads)
        if normalization not in NORMALIZATIONS:
            raise ConfigError(f'MGDA.normalization must be one of {", ".join(NORMALIZATIONS)}, found {normalization!r}')
        self.normalization = normalization

    def solve(self, gramian: Tensor, losses: Tensor, indices: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return mgda_weights(gramian, losses, self.normalization), state


def mgda_weights(gramian: Tensor, losses: Tensor, normalization: str = 'none') -> Tensor:
    """Compute the weights of `MGDA`, (n,), from a Gramian (n, n) and losses (n,)."""
    sizes = NORMALIZATIONS[normalization](gramian.diagonal(), losses).clamp(min=1e-12)
    return min_norm_weights(gramian / torch.outer(sizes, sizes))
