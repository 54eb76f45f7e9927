"""The loss: a smooth absolute difference, for any task that states real values."""

from torch import Tensor

from mmmtl.registry import LOSSES
from mmmtl.tasks.losses import PixelLoss


@LOSSES.register_module()
class Charbonnier(PixelLoss):
    """sqrt((p - g)^2 + e^2) - e, summed over the channels; |p - g| far from 0 and a parabola within e of it.

    Charbonnier et al., Two deterministic half-quadratic regularization algorithms for computed imaging, ICIP 1994. It
    is shifted so that agreement costs nothing.

    Args:
        epsilon: e > 0, in the unit of the task.
    """

    spaces = frozenset({'values', 'positive'})

    def __init__(self, epsilon: float = 0.05) -> None:
        if not epsilon > 0:
            raise ValueError(f'Charbonnier.epsilon must be > 0, found {epsilon}')
        self.epsilon = epsilon

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        squared = (prediction - truth).square()
        return ((squared + self.epsilon**2).sqrt() - self.epsilon).sum(1)
