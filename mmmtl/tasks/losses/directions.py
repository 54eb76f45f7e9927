"""Losses of unit vectors (N, 3, H, W)."""

import torch
from torch import Tensor

from mmmtl.registry import LOSSES
from mmmtl.tasks.losses.loss import PixelLoss


@LOSSES.register_module()
class Cosine(PixelLoss):
    """Cosine loss, 1 - p.g, as in MTPSL."""

    spaces = frozenset({'directions'})

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        return 1 - (prediction * truth).sum(1)


@LOSSES.register_module()
class Angular(PixelLoss):
    """Angle between p and g in radians, 2 atan2(|p - g|, |p + g|).

    The angular loss of Bae, Budvytis and Cipolla, ICCV 2021, uses the arc cosine, whose gradient is infinite where p
    and g are equal or opposite; the gradient of this form is bounded.
    """

    spaces = frozenset({'directions'})

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        return 2 * torch.atan2((prediction - truth).norm(dim=1), (prediction + truth).norm(dim=1))
