"""Classes that two views of a stereo pair agree on: Pseudo-MTL, eq. 7-10."""

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.stereo_pairs import StereoConsistencyLoss, StereoPairs, side_sum
from mmmtl.registry import MODELS

SMALLEST = 1e-6  # probabilities are lifted to it before their logarithm is taken


@MODELS.register_module()
class StereoSegmentationConsistency(StereoConsistencyLoss):
    """L_s,c = lr L_s,lr + left L_s,l + right L_s,r, with s the class probabilities and g the labels.

    ::

        L_s,lr = C_l H(s_l, G(s_r; b_l)) + C_r H(G(s_l; b_r), s_r)
        L_s,l  = C_l H(g_l, G(s_r; b_l)) + C_l H(s_l, G(g_r; b_l))
        L_s,r  = C_r H(G(s_l; b_r), g_r) + C_r H(G(g_l; b_r), s_r)

    H is the cross-entropy. Where one side is a label it is the target. Where both are predictions (L_s,lr) the paper
    leaves open which one is: as in eq. 2 the first is the prediction, -sum of second * log(first), and gradients flow
    into both. Labels are warped to the nearest pixel, probabilities bilinearly. Eq. 8-10 multiply by C without a
    divisor; ours is the mean over the pixels that can be compared: inside the image, pseudo disparity and label known.
    A view without labels leaves its terms out.

    Args:
        task: The segmentation.
        lr: alpha_s,lr.
        left: alpha_s,l.
        right: alpha_s,r.
        args, kwargs: See `StereoConsistencyLoss`.

    Raises:
        ConfigError: The task is no segmentation.
    """

    def __init__(
        self, *args, task: str = 'semseg', lr: float = 0.5, left: float = 1.5, right: float = 1.5, **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        if task not in self.tasks or self.tasks[task].quantity != 'classes':
            raise ConfigError(
                f'StereoSegmentationConsistency.task: {task!r} is no segmentation; the tasks are '
                f'{", ".join(self.tasks)}'
            )
        self.task = task
        self.lr, self.left, self.right = self.numbers(lr=lr, left=left, right=right)

    def of_pairs(self, pairs: StereoPairs) -> Tensor:
        task, logits, labels = self.tasks[self.task], pairs.logits[self.task], pairs.targets[self.task]
        fractions = logits.softmax(2)
        shares_warped, weight = self.warp(fractions, pairs)
        log, log_warped = logits.log_softmax(2), shares_warped.clamp(min=SMALLEST).log()
        between = torch.cat(
            (-(shares_warped * log)[:, :1].sum(2, keepdim=True), -(fractions * log_warped)[:, 1:].sum(2, keepdim=True)),
            1,
        )
        result = self.lr * mean_where(between, weight, weight > 0).sum(1)
        if self.left or self.right:
            # float32 holds every class exactly; outside of the image the warped label is 0, which the weight leaves out
            labels_warped = self.warp(labels.float(), pairs, 'nearest')[0].round().to(labels.dtype)
            sides = cross_entropy(log_warped, labels, weight, task.void) + cross_entropy(
                log, labels_warped, weight, task.void
            )
            result = result + side_sum(sides, self.left, self.right)
        return result


def cross_entropy(log: Tensor, labels: Tensor, weight: Tensor, void: int) -> Tensor:
    """(P, 2): the mean of C H over the pixels whose label is known and whose weight C is not 0."""
    known = (labels != void) & (weight > 0)
    picked = log.gather(2, torch.where(known, labels, 0))
    return mean_where(-picked, weight, known)


def mean_where(error: Tensor, weight: Tensor, where: Tensor) -> Tensor:
    """(P, 2): the mean of weight * error over the pixels in ``where``, 0 if there is none."""
    total = torch.where(where, weight * error, 0).flatten(2).sum(2)
    return total / where.flatten(2).sum(2).clamp(min=1)
