"""Losses of class scores."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.registry import LOSSES
from mmmtl.tasks.losses.loss import ImageLoss, PixelLoss


class ClassLoss(PixelLoss):
    """What losses with a weight per class share.

    Args:
        class_weight: One weight >= 0 per class, in the order of the label values; all 1 if None.
    """

    spaces = frozenset({'classes'})

    def __init__(self, class_weight: Sequence[float] | None = None) -> None:
        self.class_weight = None if class_weight is None else torch.tensor(class_weight, dtype=torch.float32)
        if self.class_weight is not None and not (self.class_weight >= 0).all():
            raise ValueError(f'{type(self).__name__}.class_weight must be >= 0, found {tuple(class_weight)}')

    def check(self, space: str, channels: int) -> None:
        super().check(space, channels)
        if self.class_weight is not None and self.class_weight.shape != (channels,):
            raise ValueError(
                f'{type(self).__name__}.class_weight must be {channels} numbers, one per class, found '
                f'{self.class_weight.numel()}'
            )

    def weight(self, like: Tensor) -> Tensor | None:
        """On the device of the logits; copied there once."""
        if self.class_weight is not None and self.class_weight.device != like.device:
            self.class_weight = self.class_weight.to(like.device)
        return self.class_weight


@LOSSES.register_module()
class CrossEntropy(ClassLoss):
    """-w_c log softmax(x)_c.

    PyTorch's mean divides by the sum of the weights that occur; here the sum is divided by the number of pixels, as
    mmsegmentation does it, so that a weight of 2 counts twice.

    Args:
        class_weight: See `ClassLoss`.
        label_smoothing: e of Szegedy et al., CVPR 2016: the label becomes 1 - e on its class and e / K on all.
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
    """-w_c (1 - p)^gamma log p with p = softmax(x)_c: pixels that are right already count less.

    Lin et al., Focal loss for dense object detection, ICCV 2017, with a softmax in the place of its sigmoids, as is
    usual where every pixel has exactly one class. gamma = 0 is `CrossEntropy`.

    Args:
        gamma: >= 0.
        class_weight: alpha of the paper, one per class; see `ClassLoss`.
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
    """1 - (2 sum(p g) + s) / (sum(p^2) + sum(g^2) + s) per class, over an image's pixels, mean over the classes.

    p is the softmax, g the label as one-hot. Milletari et al., V-Net, 3DV 2016; s as in mmsegmentation: a class that
    is not in the image costs nothing where it is not predicted either. The sums are those of one image, never of the
    batch.

    Args:
        smooth: s > 0, in pixels.
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

    It is not divided by the weights. SAK takes the fractions of the whole batch. Fractions of the image keep the loss
    of an image independent of its neighbours in the batch; both agree for a batch of one, and where objects take the
    same fraction of every image. Where they do not, the weight of the object's pixels changes from image to image
    here, 1 - s against the batch's one 1 - mean(s), so that both classes of an image weigh alike. An image of one class
    alone would weigh nothing, so a fraction is never taken to be below ``rarest`` or above 1 - ``rarest``.

    Args:
        rarest: In (0, 0.5].
    """

    spaces = frozenset({'classes'})

    def __init__(self, rarest: float = 0.05) -> None:
        if not 0 < rarest <= 0.5:
            raise ValueError(f'BalancedCrossEntropy.rarest must lie in (0, 0.5], found {rarest}')
        self.rarest = rarest

    def check(self, space: str, channels: int) -> None:
        super().check(space, channels)
        if channels != 2:
            raise ValueError(
                f'BalancedCrossEntropy is for 2 classes, found {channels}; take CrossEntropy with class_weight'
            )

    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        second = truth > 0
        fraction = (second & valid).sum((1, 2)) / valid.sum((1, 2)).clamp(min=1)  # (N,)
        fraction = fraction.clamp(self.rarest, 1 - self.rarest)[:, None, None]
        return torch.where(second, 1 - fraction, fraction) * F.cross_entropy(prediction, truth, reduction='none')
