"""Losses of one logit per pixel against a fraction in [0, 1], of which 0 and 1 are the usual ones."""

import torch.nn.functional as F
from torch import Tensor

from mmmtl.registry import LOSSES
from mmmtl.tasks.losses.loss import PixelLoss


@LOSSES.register_module()
class BinaryCrossEntropy(PixelLoss):
    """t softplus(-x) + (1 - t) softplus(x)."""

    spaces = frozenset({'fractions'})

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(prediction, truth, reduction='none')[:, 0]


@LOSSES.register_module()
class BalancedBinaryCrossEntropy(PixelLoss):
    """w t softplus(-x) + (1 - w) (1 - t) softplus(x).

    With w the fraction of the image's pixels that are 0: Xie and Tu, Holistically-nested edge detection, ICCV 2015.
    SAK and its predecessors fix w = 0.95.

    Args:
        positive_weight: w in (0, 1); None for the fraction of the valid pixels of the image itself.
    """

    spaces = frozenset({'fractions'})

    def __init__(self, positive_weight: float | None = 0.95) -> None:
        if positive_weight is not None and not 0 < positive_weight < 1:
            raise ValueError(f'positive_weight must lie between 0 and 1 or be None, found {positive_weight}')
        self.positive_weight = positive_weight

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        logits, fraction = prediction[:, 0], truth[:, 0]
        weight = self.positive_weight
        if weight is None:
            positive = fraction.masked_fill(~valid, 0).sum((1, 2))
            weight = 1 - (positive / valid.sum((1, 2)).clamp(min=1))[:, None, None]
        return weight * fraction * F.softplus(-logits) + (1 - weight) * (1 - fraction) * F.softplus(logits)
