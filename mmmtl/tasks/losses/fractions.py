"""Losses of one logit per pixel and a label in [0, 1], mostly 0 or 1."""

import torch.nn.functional as F
from torch import Tensor

from mmmtl.registry import LOSSES
from mmmtl.tasks.losses.loss import PixelLoss


@LOSSES.register_module()
class BinaryCrossEntropy(PixelLoss):
    """Binary cross-entropy, t softplus(-x) + (1 - t) softplus(x)."""

    spaces = frozenset({'fractions'})

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(prediction, truth, reduction='none')[:, 0]


@LOSSES.register_module()
class BalancedBinaryCrossEntropy(PixelLoss):
    """Balanced binary cross-entropy, w t softplus(-x) + (1 - w) (1 - t) softplus(x).

    In Xie and Tu, Holistically-nested edge detection, ICCV 2015, w is the fraction of pixels that are 0. SAK and its
    predecessors fix w = 0.95.

    Args:
        positive_weight: w in (0, 1); the fraction of zeros among the image's valid pixels if None.

    Raises:
        ValueError: ``positive_weight`` is out of range.
    """

    spaces = frozenset({'fractions'})

    def __init__(self, positive_weight: float | None = 0.95) -> None:
        if positive_weight is not None and not 0 < positive_weight < 1:
            raise ValueError(
                f'{type(self).__name__}.positive_weight must lie between 0 and 1 or be None, found {positive_weight}'
            )
        self.positive_weight = positive_weight

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        logits, fraction = prediction[:, 0], truth[:, 0]
        weight: float | Tensor
        if self.positive_weight is not None:
            weight = self.positive_weight
        else:
            positive = fraction.masked_fill(~valid, 0).sum((1, 2))
            weight = 1 - (positive / valid.sum((1, 2)).clamp(min=1))[:, None, None]
        return weight * fraction * F.softplus(-logits) + (1 - weight) * (1 - fraction) * F.softplus(logits)
