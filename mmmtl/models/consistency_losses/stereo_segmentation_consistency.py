"""Consistency of the segmentation of the two views of a stereo pair: Pseudo-MTL, eq. 7-10."""

from typing import Any

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.stereo_consistency_loss import StereoConsistencyLoss
from mmmtl.models.consistency_losses.stereo_pairs import StereoPairs, sum_of_views
from mmmtl.registry import MODELS

MIN_PROBABILITY = 1e-6  # probabilities are clamped to it before the logarithm


@MODELS.register_module()
class StereoSegmentationConsistency(StereoConsistencyLoss):
    """L_s,c = lr L_s,lr + left L_s,l + right L_s,r, with s the class probabilities and g the labels.

    ::

        L_s,lr = C_l H(s_l, G(s_r; b_l)) + C_r H(G(s_l; b_r), s_r)
        L_s,l  = C_l H(g_l, G(s_r; b_l)) + C_l H(s_l, G(g_r; b_l))
        L_s,r  = C_r H(G(s_l; b_r), g_r) + C_r H(G(g_l; b_r), s_r)

    H is the cross-entropy; a label is always its target. Where both sides are predictions (L_s,lr) the paper does not
    state which one is the target: as in eq. 2, the first is the prediction, -sum of second * log(first), and gradients
    flow into both. Labels are warped to the nearest pixel, probabilities bilinearly. Eq. 8-10 multiply by C without a
    divisor; ours is the mean over the pixels that can be compared, which lie inside the image and have a known pseudo
    disparity and label. The terms of a view without labels are skipped.

    Args:
        *args: ``tasks``, ``in_channels`` and ``strides``, passed by the model.
        task: Name of the segmentation task.
        lr: alpha_s,lr.
        left: alpha_s,l.
        right: alpha_s,r.
        **kwargs: ``depth``, ``warp_by``, ``confidence``, ``tau`` and ``beta`` of `StereoConsistencyLoss`, ``weight``
            and ``init_cfg``.

    Raises:
        ConfigError: The task is not a segmentation task, or a factor is negative.
    """

    def __init__(
        self, *args: Any, task: str = 'semseg', lr: float = 0.5, left: float = 1.5, right: float = 1.5, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if task not in self.tasks or self.tasks[task].quantity != 'classes':
            raise ConfigError(
                f'StereoSegmentationConsistency.task: {task!r} is not a segmentation task; the tasks are '
                f'{", ".join(self.tasks)}'
            )
        self.task = task
        self.lr, self.left, self.right = self.non_negative(lr=lr, left=left, right=right)

    def pair_losses(self, pairs: StereoPairs) -> Tensor:
        task, logits, labels = self.tasks[self.task], pairs.logits[self.task], pairs.targets[self.task]
        probability = logits.softmax(2)
        warped, weight = self.warp(probability, pairs)
        log_probability, log_warped = logits.log_softmax(2), warped.clamp(min=MIN_PROBABILITY).log()
        left_right = torch.cat(
            (
                -(warped * log_probability)[:, :1].sum(2, keepdim=True),
                -(probability * log_warped)[:, 1:].sum(2, keepdim=True),
            ),
            1,
        )  # (P, 2, 1, H, W)
        result = self.lr * _mean_where(left_right, weight, weight > 0).sum(1)
        if self.left or self.right:
            # float32 represents every class exactly; outside of the image the warped label is 0 and has weight 0
            labels_warped = self.warp(labels.float(), pairs, 'nearest')[0].round().to(labels.dtype)
            label_terms = _cross_entropy(log_warped, labels, weight, task.void) + _cross_entropy(
                log_probability, labels_warped, weight, task.void
            )
            result = result + sum_of_views(label_terms, self.left, self.right)
        return result


def _cross_entropy(log_probability: Tensor, labels: Tensor, weight: Tensor, void: float) -> Tensor:
    """Return the mean of C H over the pixels with a known label and a weight C above 0, (P, 2)."""
    known = (labels != void) & (weight > 0)
    picked = log_probability.gather(2, torch.where(known, labels, 0))
    return _mean_where(-picked, weight, known)


def _mean_where(error: Tensor, weight: Tensor, where: Tensor) -> Tensor:
    """Return the mean of weight * error over the pixels in ``where``, (P, 2); 0 if there is none."""
    total = torch.where(where, weight * error, 0).flatten(2).sum(2)
    return total / where.flatten(2).sum(2).clamp(min=1)
