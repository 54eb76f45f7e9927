"""The loss: a smooth absolute difference, for every task with real values."""

from torch import Tensor

from mmmtl.registry import LOSSES
from mmmtl.tasks.losses import PixelLoss


@LOSSES.register_module()
class Charbonnier(PixelLoss):
    """sqrt((p - g)^2 + epsilon^2) - epsilon, summed over the channels.

    Charbonnier et al., "Two deterministic half-quadratic regularization algorithms for computed imaging", ICIP 1994;
    shifted so that the loss is 0 where prediction and label agree.

    Args:
        epsilon: Width of the quadratic part around 0, > 0, in the unit of the task.

    Raises:
        ValueError: ``epsilon`` is not positive.
    """

    spaces = frozenset({'values', 'positive'})

    def __init__(self, epsilon: float = 0.05) -> None:
        if not epsilon > 0:
            raise ValueError(f'Charbonnier.epsilon must be > 0, found {epsilon}')
        self.epsilon = epsilon

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        squared = (prediction - truth).square()
        return ((squared + self.epsilon**2).sqrt() - self.epsilon).sum(1)
