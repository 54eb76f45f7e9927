"""MGDA: the shortest convex combination of the tasks' gradients."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.gramian_weighting import GramianWeighting
from mmmtl.models.loss_weighting.nonnegative_least_squares import smallest_combination
from mmmtl.registry import MODELS

SIZES = {  # what a task's gradient is divided by, from its squared norm and its loss
    'none': lambda squares, losses: torch.ones_like(squares),
    'l2': lambda squares, losses: squares.sqrt(),
    'loss': lambda squares, losses: losses,
    'loss+': lambda squares, losses: losses * squares.sqrt(),
}


@MODELS.register_module()
class MGDA(GramianWeighting):
    """Weights >= 0 of sum 1 for which the combined gradient is the shortest.

    Sener and Koltun, "Multi-task learning as multi-objective optimization", NeurIPS 2018, eq. 3, solved exactly instead
    of by Frank-Wolfe steps. It is the gradient on the shared parameters themselves, not the paper's upper bound by
    features. As in the authors' code, the normalised gradients decide the weights, which then multiply the gradients as
    they are.

    Args:
        tasks: Task names, in the order of the losses.
        shared: Beginnings of the names of the shared parameters.
        normalization: What a gradient is divided by: ``'none'``, ``'l2'`` (its norm), ``'loss'`` or ``'loss+'`` (loss
            times norm).
        weigh_heads: Whether the heads are weighted too.

    Raises:
        ConfigError: The normalisation is unknown.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        shared: Sequence[str] = ('backbone',),
        *,
        normalization: str = 'none',
        weigh_heads: bool = False,
    ) -> None:
        super().__init__(tasks, shared, weigh_heads=weigh_heads)
        if normalization not in SIZES:
            raise ConfigError(f'MGDA.normalization must be one of {", ".join(SIZES)}, found {normalization!r}')
        self.normalization = normalization

    def solve(self, gramian: Tensor, losses: Tensor, indices: Tensor, state: Tensor) -> Tensor:
        sizes = SIZES[self.normalization](gramian.diagonal(), losses).clamp(min=1e-12)
        return smallest_combination(gramian / torch.outer(sizes, sizes))
