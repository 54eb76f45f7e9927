"""Cross-task consistency: a prediction and the label of another task agree in the joint space of the two tasks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.centring import centre
from mmmtl.models.consistency_losses.joint_space_loss import JointSpaceLoss
from mmmtl.models.consistency_losses.task_pairs import TaskPair, index_tensor
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class CrossTaskConsistency(JointSpaceLoss):
    """MTPSL (Li, Liu, Bilen, CVPR 2022), eq. 3 and 4.

    For every image, task s and labelled task t

        d(m_s, m_t) + regularizer * (d(m_s, f) + d(m_t, f)),    d(a, b) = 1 - cos(a, b), averaged over positions,

    where m_s is the prediction of s and m_t the label of t, mapped to the pair's joint space, and f is the encoder's
    last feature, detached. The distances to f are meant to keep the mapping from becoming constant. The loss is summed
    over the pairs of an image and averaged over the images. Pairs whose label has no valid pixel are skipped. With
    ``centred``, f is centred in the same way.

    The published code sums over the pairs (``pairs='sum'``); eq. 4 divides by the number of unlabelled tasks
    (``'mean'``). The default ``regularizer=0.5`` is that of the published code; eq. 4 has no factor, that is 1.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
        regularizer: Factor >= 0 of the distances to the feature; 0 disables them ("w/o reg" in the paper).
        pairs: ``'sum'``, or ``'mean'`` to divide by the number of distinct ``from_task`` among the image's pairs.
        **kwargs: ``weight`` (2 in MTPSL), ``space``, ``from_tasks``, ``train_space``, ``centred`` and
            ``init_cfg`` of `JointSpaceLoss`.

    Raises:
        ConfigError: ``pairs`` is unknown, the regularizer is negative, or the joint space and the last feature have
            different numbers of channels.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        regularizer: float = 0.5,
        pairs: str = 'sum',
        **kwargs: Any,
    ) -> None:
        super().__init__(tasks, in_channels, strides, **kwargs)
        if pairs not in ('sum', 'mean'):
            raise ConfigError(f"CrossTaskConsistency.pairs must be 'sum' or 'mean', found {pairs!r}")
        (self.regularizer,) = self.non_negative(regularizer=regularizer)
        if regularizer and self.space.out_channels != self.in_channels[-1]:
            raise ConfigError(
                f'CrossTaskConsistency.space has {self.space.out_channels} channels, but the last feature of '
                f'the backbone has {self.in_channels[-1]}, and the regularizer compares the two: set the last of '
                f'space.widths to {self.in_channels[-1]}, or regularizer=0'
            )
        self.averaged = pairs == 'mean'

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        pairs = self.pairs(samples)
        if not pairs:
            return self.per_image(self.zero(logits), samples, 0)
        total, compared = self.distances(logits, targets, features[-1], pairs)
        return self.per_image(total, samples, compared)

    def distances(
        self, logits: Mapping[str, Tensor], targets: Mapping[str, Tensor], feature: Tensor, pairs: Sequence[TaskPair]
    ) -> tuple[Tensor, Tensor]:
        """Return the sum of the distances over the pairs whose label has a valid pixel, and the number of these."""
        predictions, labels, valid = self.embed(logits, targets, pairs)
        distance = cosine_distance(predictions, labels)  # (I,)
        if self.regularizer:
            shared = feature.detach().index_select(0, index_tensor([pair.image for pair in pairs], feature.device))
            if self.centred:
                shared = centre(shared, [pair.tasks for pair in pairs], valid)
            if shared.shape[2:] != predictions.shape[2:]:
                shared = F.interpolate(shared.float(), predictions.shape[2:], mode='bilinear', align_corners=False)
            to_feature = cosine_distance(predictions, shared) + cosine_distance(labels, shared)
            distance = distance + self.regularizer * to_feature
        if self.averaged:
            from_tasks = Counter(image for image, _ in {(pair.image, pair.from_task) for pair in pairs})
            fractions = torch.tensor([1 / from_tasks[pair.image] for pair in pairs])
            distance = distance * fractions.to(distance.device, non_blocking=True)
        return torch.where(valid, distance, 0).sum(), valid.sum()


def cosine_distance(a: Tensor, b: Tensor) -> Tensor:
    """Return the cosine distance between the channel vectors of two maps (I, C, h, w), averaged over positions: (I,).

    Computed in float32.
    """
    return 1 - F.cosine_similarity(a.float(), b.float(), dim=1).mean((1, 2))
