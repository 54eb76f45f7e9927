"""GradVac: the angle between the gradients of two tasks is kept at its moving average."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from mmmtl.models.loss_weighting.gramian_weighting import GramianWeighting
from mmmtl.models.loss_weighting.torchjd_weighting import build_torchjd
from mmmtl.registry import MODELS


@MODELS.register_module()
class GradVac(GramianWeighting):
    """torchjd's GradVac (Wang et al., "Gradient vaccine", ICLR 2021).

    The moving averages of the cosines are stored per pair of tasks, are part of the checkpoint, and do not change for
    absent tasks. The order of the tasks is random.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        shared: Prefixes of the names of the shared parameters, such as ``'backbone'``.
        beta: Weight of the newest cosine in the moving average.
        weight_heads: Whether the weights apply to the heads too, see `GramianWeighting`.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        shared: Sequence[str] = ('backbone',),
        *,
        beta: float = 0.5,
        weight_heads: bool = False,
    ) -> None:
        super().__init__(tasks, shared, weight_heads=weight_heads)
        self.beta = beta
        self._build()  # a missing extra or a wrong beta fails here, before the run

    def _build(self) -> Any:
        return build_torchjd('GradVac', {'beta': self.beta})

    def state_size(self) -> int:
        """Return T^2, a cosine per pair."""
        return len(self.tasks) ** 2

    def solve(self, gramian: Tensor, losses: Tensor, indices: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        cosines = state.view(len(self.tasks), -1).clone()
        rows, columns = indices[:, None], indices[None]
        weighting = self._build()
        # torchjd resets its averages when the number of tasks changes, so they are set and read here
        weighting._phi_t, weighting._state_key = cosines[rows, columns], (len(indices), gramian.dtype)
        weights = weighting(gramian)
        cosines[rows, columns] = weighting._phi_t
        return weights, cosines.flatten()
