"""Losses of quantities: absolute and squared differences, BerHu, and the scale-invariant error of depth."""

import torch
from torch import Tensor

from mmmtl.registry import LOSSES
from mmmtl.tasks.losses.loss import ImageLoss, PixelLoss

FLOOR = 0.05  # of the image's mean: below it the logarithm goes on as a straight line
TINY = 1e-12  # keeps the gradient of the square root finite where prediction and label agree


@LOSSES.register_module()
class L1(PixelLoss):
    """|p - g|, summed over the channels."""

    spaces = frozenset({'values', 'positive', 'directions'})

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        return (prediction - truth).abs().sum(1)


@LOSSES.register_module()
class L2(PixelLoss):
    """(p - g)^2, summed over the channels."""

    spaces = L1.spaces

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        return (prediction - truth).square().sum(1)


@LOSSES.register_module()
class BerHu(PixelLoss):
    """The reverse Huber loss: |x| up to c, (x^2 + c^2) / (2 c) beyond, with c a fifth of the largest |x|.

    Laina et al., Deeper depth prediction with fully convolutional residual networks, 3DV 2016. There the largest
    difference is that of the batch; here it is that of the image, so that an image's loss depends neither on its
    neighbours nor on the number of processes. c is a constant to the gradient.

    Args:
        fraction: c as a fraction of the largest difference, in (0, 1].
    """

    spaces = frozenset({'values', 'positive'})

    def __init__(self, fraction: float = 0.2) -> None:
        if not 0 < fraction <= 1:
            raise ValueError(f'BerHu.fraction must lie in (0, 1], found {fraction}')
        self.fraction = fraction

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        difference = (prediction - truth).abs()  # (N, C, H, W)
        largest = difference.detach().masked_fill(~valid[:, None], 0).amax((1, 2, 3), keepdim=True)
        c = (self.fraction * largest).clamp(min=TINY)
        return torch.where(difference <= c, difference, (difference.square() + c.square()) / (2 * c)).sum(1)


@LOSSES.register_module()
class SILog(ImageLoss):
    """The scale-invariant error of logarithms: sqrt(mean(d^2) - f mean(d)^2) with d = log p - log g, per image.

    Eigen, Puhrsch and Fergus, Depth map prediction from a single image, NIPS 2014, without the root and with f = 0.5;
    with the root and f = 0.85 it is that of BTS (Lee et al., arXiv 1907.10326) and AdaBins, who multiply by 10 and
    take the means over the batch. Here they are those of the image, so that an image's loss does not depend on its
    neighbours. A prediction may be negative, as that of an untrained network: below a twentieth of the image's mean
    label the logarithm goes on along its tangent, so that the gradient leads back. In those terms inverse depths give
    the same loss as depths.

    Args:
        variance_focus: f, in [0, 1]: 1 ignores the scale of the image.
        root: Take the square root.
    """

    spaces = frozenset({'positive'})

    def __init__(self, variance_focus: float = 0.85, root: bool = True) -> None:
        if not 0 <= variance_focus <= 1:
            raise ValueError(f'SILog.variance_focus must lie in [0, 1], found {variance_focus}')
        self.variance_focus, self.root = variance_focus, root

    def value(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        known = valid[:, None]
        count = known.sum((1, 2, 3)).clamp(min=1)

        def mean(values: Tensor) -> Tensor:
            return torch.where(known, values, 0).sum((1, 2, 3)) / count

        floor = (FLOOR * mean(truth)).clamp(min=TINY).view(-1, 1, 1, 1)
        difference = torch.where(known, extended_log(prediction, floor) - extended_log(truth, floor), 0)
        centre = mean(difference)
        variance = mean((difference - centre.view(-1, 1, 1, 1)).square())
        squared = variance + (1 - self.variance_focus) * centre.square()
        return (squared + TINY).sqrt() - TINY**0.5 if self.root else squared


def extended_log(values: Tensor, floor: Tensor) -> Tensor:
    """log x for x >= floor, and the tangent of the logarithm at the floor below it."""
    return torch.where(values >= floor, values.clamp(min=floor).log(), floor.log() + values / floor - 1)
