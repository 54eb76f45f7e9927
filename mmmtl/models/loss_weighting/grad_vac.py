"""GradVac: pairs of tasks are held at the angle they usually have."""

from collections.abc import Sequence

from torch import Tensor

from mmmtl.models.loss_weighting.gramian_weighting import GramianWeighting
from mmmtl.models.loss_weighting.torchjd_weighting import build_torchjd
from mmmtl.registry import MODELS


@MODELS.register_module()
class GradVac(GramianWeighting):
    """torchjd's GradVac, its moving average of cosines held by task pair, in the checkpoint, and kept for absent tasks.

    Wang et al., "Gradient vaccine", ICLR 2021. The order of the tasks is random.

    Args:
        tasks: Task names, in the order of the losses.
        shared: Beginnings of the names of the shared parameters.
        beta: Share of the newest cosine in the moving average.
        weigh_heads: Whether the heads are weighted too.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        shared: Sequence[str] = ('backbone',),
        *,
        beta: float = 0.5,
        weigh_heads: bool = False,
    ) -> None:
        super().__init__(tasks, shared, weigh_heads=weigh_heads)
        self.beta = beta
        self._build()  # a missing extra or a wrong beta is told before the run

    def _build(self):
        return build_torchjd('GradVac', {'beta': self.beta})

    def state_size(self) -> int:
        return len(self.tasks) ** 2

    def solve(self, gramian: Tensor, losses: Tensor, indices: Tensor, state: Tensor) -> Tensor:
        cosines = state.view(len(self.tasks), -1)
        rows, columns = indices[:, None], indices[None]
        weighting = self._build()
        # torchjd forgets its average when the number of tasks changes, so it is handed in and taken back
        weighting._phi_t, weighting._state_key = cosines[rows, columns], (len(indices), gramian.dtype)
        weights = weighting(gramian)
        cosines[rows, columns] = weighting._phi_t
        return weights
