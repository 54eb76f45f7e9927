"""Losses of class scores (N, K, H, W) and class indices (N, H, W)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.registry import LOSSES
from mmmtl.tasks.losses.loss import ImageLoss, PixelLoss


class ClassLoss(PixelLoss):
    """A loss with a weight per class.

    Args:
        class_weight: One weight >= 0 per class, in the order of the label values; all 1 if None.

    Raises:
        ValueError: A weight is negative.
    """

    spaces = frozenset({'classes'})

    def __init__(self, class_weight: Sequence[float] | None = None) -> None:
        self.class_weight = None if class_weight is None else torch.tensor(class_weight, dtype=torch.float32)
        if self.class_weight is not None and not (self.class_weight >= 0).all():
            raise ValueError(f'{type(self).__name__}.class_weight must be >= 0, found {self.class_weight.tolist()}')

    def check(self, space: str, channels: int) -> None:
        super().check(space, channels)
        if self.class_weight is not None and self.class_weight.shape != (channels,):
            raise ValueError(
                f'{type(self).__name__}.class_weight must be {channels} numbers, one per class, found '
                f'{self.class_weight.numel()}'
            )

    def weight(self, like: Tensor) -> Tensor | None:
        """Return the class weights on the device of ``like``, where they are copied once."""
        if self.class_weight is not None and self.class_weight.device != like.device:
            self.class_weight = self.class_weight.to(like.device)
        return self.class_weight


@LOSSES.register_module()
class CrossEntropy(ClassLoss):
    """Cross-entropy, -w_c log softmax(x)_c.

    PyTorch's mean divides by the sum of the weights of the pixels; here the sum is divided by the number of pixels, as
    in mmsegmentation, so that a weight of 2 counts twice.

    Args:
        class_weight: See `ClassLoss`.
        label_smoothing: e of Szegedy et al., CVPR 2016: the one-hot label is multiplied by 1 - e, and e / K is added
            to every class.

    Raises:
        ValueError: ``label_smoothing`` is not in [0, 1), or as for `ClassLoss`.
    """

    def __init__(self, class_weight: Sequence[float] | None = None, label_smoothing: float = 0.0) -> None:
        super().__init__(class_weight)
        if not 0 <= label_smoothing < 1:
            raise ValueError(f'CrossEntropy.label_smoothing must lie in [0, 1), found {label_smoothing}')
        self.label_smoothing = label_smoothing

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        return F.cross_entropy(
            prediction, truth, weight=self.weight(prediction), reduction='none', label_smoothing=self.label_smoothing
        )


@LOSSES.register_module()
class Focal(ClassLoss):
    """Focal loss, -w_c (1 - p)^gamma log p with p = softmax(x)_c, which down-weights easy pixels.

    Lin et al., Focal loss for dense object detection, ICCV 2017, with a softmax instead of sigmoids, as every pixel has
    exactly one class. gamma = 0 is `CrossEntropy`.

    Args:
        gamma: Exponent >= 0.
        class_weight: Alpha of the paper, one per class; see `ClassLoss`.

    Raises:
        ValueError: ``gamma`` is negative, or as for `ClassLoss`.
    """

    def __init__(self, gamma: float = 2.0, class_weight: Sequence[float] | None = None) -> None:
        super().__init__(class_weight)
        if not gamma >= 0:
            raise ValueError(f'Focal.gamma must be >= 0, found {gamma}')
        self.gamma = gamma

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        entropy = F.cross_entropy(prediction, truth, reduction='none')
        missing = -torch.expm1(-entropy)  # 1 - p, exact near 0
        # the power has no gradient at 0 for gamma < 1, where entropy is 0 too
        error = missing.clamp(min=torch.finfo(missing.dtype).tiny) ** self.gamma * entropy
        weight = self.weight(prediction)
        return error if weight is None else weight[truth] * error


@LOSSES.register_module()
class Dice(ImageLoss):
    """Dice loss, 1 - (2 sum(p g) + s) / (sum(p^2) + sum(g^2) + s), mean over the classes.

    p is the softmax, g the one-hot label; the sums run over the valid pixels of one image, not of the batch. Milletari
    et al., V-Net, 3DV 2016. With s, as in mmsegmentation, a class that is neither in the image nor predicted has
    loss 0.

    Args:
        smooth: s > 0, in pixels.

    Raises:
        ValueError: ``smooth`` is not positive.
    """

    spaces = frozenset({'classes'})

    def __init__(self, smooth: float = 1.0) -> None:
        if not smooth > 0:
            raise ValueError(f'Dice.smooth must be > 0, found {smooth}')
        self.smooth = smooth

    def value(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        known = valid[:, None]
        found = torch.where(known, prediction.softmax(1), 0)
        label = torch.zeros_like(found).scatter(1, truth[:, None], 1) * known
        both, found, label = ((values.flatten(2).sum(2)) for values in (found * label, found.square(), label))  # (N, K)
        return (1 - (2 * both + self.smooth) / (found + label + self.smooth)).mean(1)


@LOSSES.register_module()
class BalancedCrossEntropy(PixelLoss):
    """Cross-entropy of two classes, each weighted by the other one's fraction of the image's valid pixels.

    The sum is not divided by the weights. SAK uses the fractions over the batch; those of the image make the loss of an
    image independent of the rest of the batch. Both agree for a batch of one, and if the object fills the same fraction
    s of every image. Otherwise the weight of the object's pixels is 1 - s here and 1 - mean(s) in SAK. Fractions are
    clamped to [``min_fraction``, 1 - ``min_fraction``], as an image of one class would otherwise have the weight 0.

    Args:
        min_fraction: Smallest fraction of a class, in (0, 0.5].

    Raises:
        ValueError: ``min_fraction`` is out of range.
    """

    spaces = frozenset({'classes'})

    def __init__(self, min_fraction: float = 0.05) -> None:
        if not 0 < min_fraction <= 0.5:
            raise ValueError(f'BalancedCrossEntropy.min_fraction must lie in (0, 0.5], found {min_fraction}')
        self.min_fraction = min_fraction

    def check(self, space: str, channels: int) -> None:
        super().check(space, channels)
        if channels != 2:
            raise ValueError(
                f'BalancedCrossEntropy is for 2 classes, found {channels}; use CrossEntropy with class_weight'
            )

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        second = truth > 0
        fraction = (second & valid).sum((1, 2)) / valid.sum((1, 2)).clamp(min=1)  # (N,)
        fraction = fraction.clamp(self.min_fraction, 1 - self.min_fraction)[:, None, None]
        return torch.where(second, 1 - fraction, fraction) * F.cross_entropy(prediction, truth, reduction='none')
