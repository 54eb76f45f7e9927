"""Losses of real values: L1, L2, BerHu, and the scale-invariant logarithmic error of depth."""

import torch
from torch import Tensor

from mmmtl.registry import LOSSES
from mmmtl.tasks.losses.loss import ImageLoss, PixelLoss

FLOOR = 0.05  # fraction of the image's mean label below which the logarithm is replaced by its tangent
EPS = 1e-12  # keeps the gradient of the square root finite where prediction and label agree


@LOSSES.register_module()
class L1(PixelLoss):
    """L1 loss, |p - g| summed over the channels."""

    spaces = frozenset({'values', 'positive', 'directions'})

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        return (prediction - truth).abs().sum(1)


@LOSSES.register_module()
class L2(PixelLoss):
    """L2 loss, (p - g)^2 summed over the channels."""

    spaces = L1.spaces

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        return (prediction - truth).square().sum(1)


@LOSSES.register_module()
class BerHu(PixelLoss):
    """Reverse Huber loss: |x| up to c, (x^2 + c^2) / (2 c) beyond, with c a fifth of the largest |x|.

    Laina et al., Deeper depth prediction with fully convolutional residual networks, 3DV 2016. The largest
    difference there is that of the batch, here that of the image, so that the loss of an image depends neither on the
    rest of the batch nor on the number of processes. c is treated as a constant in the gradient.

    Args:
        fraction: c as a fraction of the largest difference, in (0, 1].

    Raises:
        ValueError: ``fraction`` is out of range.
    """

    spaces = frozenset({'values', 'positive'})

    def __init__(self, fraction: float = 0.2) -> None:
        if not 0 < fraction <= 1:
            raise ValueError(f'BerHu.fraction must lie in (0, 1], found {fraction}')
        self.fraction = fraction

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        difference = (prediction - truth).abs()  # (N, C, H, W)
        largest = difference.detach().masked_fill(~valid[:, None], 0).amax((1, 2, 3), keepdim=True)
        c = (self.fraction * largest).clamp(min=EPS)
        return torch.where(difference <= c, difference, (difference.square() + c.square()) / (2 * c)).sum(1)


@LOSSES.register_module()
class SILog(ImageLoss):
    """Scale-invariant logarithmic error, sqrt(mean(d^2) - f mean(d)^2) with d = log p - log g, per image.

    Eigen, Puhrsch and Fergus, Depth map prediction from a single image, NIPS 2014, without the root and with f = 0.5;
    with the root and f = 0.85 it is that of BTS (Lee et al., arXiv 1907.10326) and AdaBins, which multiply by 10 and
    take the means over the batch. Here the means are over the image, so that its loss does not depend on the rest of
    the batch. An untrained network may predict negative values: below a twentieth of the image's mean label the
    logarithm is replaced by its tangent, whose gradient leads back. Inverse depth gives the same loss as depth.

    Args:
        variance_focus: f, in [0, 1]: 1 ignores the scale of the image.
        root: Take the square root.

    Raises:
        ValueError: ``variance_focus`` is out of range.
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

        floor = (FLOOR * mean(truth)).clamp(min=EPS).view(-1, 1, 1, 1)
        difference = torch.where(known, extended_log(prediction, floor) - extended_log(truth, floor), 0)
        centre = mean(difference)
        variance = mean((difference - centre.view(-1, 1, 1, 1)).square())
        squared = variance + (1 - self.variance_focus) * centre.square()
        return (squared + EPS).sqrt() - EPS**0.5 if self.root else squared


def extended_log(values: Tensor, floor: Tensor) -> Tensor:
    """Compute log x for x >= floor, and the tangent of the logarithm at the floor below."""
    return torch.where(values >= floor, values.clamp(min=floor).log(), floor.log() + values / floor - 1)
