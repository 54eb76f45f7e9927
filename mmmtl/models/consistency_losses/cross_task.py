"""Cross-task consistency: a prediction and the label of another task agree on what the two tasks have in common."""

from collections import Counter
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.joint_space_loss import JointSpaceLoss
from mmmtl.models.consistency_losses.task_pairs import TaskPair, index
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class CrossTaskConsistency(JointSpaceLoss):
    """MTPSL (Li, Liu, Bilen, CVPR 2022), eq. 3 and 4: for every image, source s and labelled target t

        d(m_s, m_t) + regularizer * (d(m_s, f) + d(m_t, f)),    d(a, b) = 1 - cos(a, b), a mean over positions,

    where m_s is the prediction of s and m_t the label of t in the pair's joint space and f the encoder's last feature,
    detached: a mapping that keeps what the image shows cannot be trivial. Summed over the pairs of an image, averaged
    over the images.

    The published code sums over the pairs, eq. 4 divides by the number of unlabelled tasks; ``pairs='sum'`` and
    ``'mean'``. The regularizer's 0.5 is the code's, eq. 4 has 1. An image whose label is void all over adds nothing.

    Args:
        tasks, in_channels, strides, weight, space, from_tasks: See `JointSpaceLoss`; MTPSL's weight is 2.
        regularizer: Factor >= 0; with 0 the feature is not looked at ("w/o reg").
        pairs: ``'sum'``, or ``'mean'`` to divide by the number of the image's from_tasks.

    Raises:
        ConfigError: The last feature has not as many channels as the joint space.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        weight: float = 1.0,
        space: dict | None = None,
        from_tasks: str = 'unlabelled',
        regularizer: float = 0.5,
        pairs: str = 'sum',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            tasks, in_channels, strides, weight=weight, space=space, from_tasks=from_tasks, init_cfg=init_cfg
        )
        if pairs not in ('sum', 'mean'):
            raise ConfigError(f"CrossTaskConsistency.pairs must be 'sum' or 'mean', found {pairs!r}")
        (self.regularizer,) = self.numbers(regularizer=regularizer)
        if regularizer and self.space.out_channels != self.in_channels[-1]:
            raise ConfigError(
                f"CrossTaskConsistency.space ends in {self.space.out_channels} channels, the backbone's "
                f'last feature has {self.in_channels[-1]}, and they are compared: choose the last of '
                'space.widths to fit, or regularizer=0'
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
        total, met = self.distances(logits, targets, features[-1], pairs) if pairs else (self.nothing(logits), 0)
        return self.per_image(total, samples, met)

    def distances(
        self, logits: Mapping[str, Tensor], targets: Mapping[str, Tensor], feature: Tensor, pairs: Sequence[TaskPair]
    ) -> tuple[Tensor, Tensor]:
        """The sum over all pairs, and how many have a label to compare with."""
        source, target, known = self.embed(logits, targets, pairs)
        distance = cosine_distance(source, target)  # (I,)
        if self.regularizer:
            seen = feature.detach().index_select(0, index([pair.image for pair in pairs], feature.device))
            if seen.shape[2:] != source.shape[2:]:
                seen = F.interpolate(seen.float(), source.shape[2:], mode='bilinear', align_corners=False)
            away = cosine_distance(source, seen) + cosine_distance(target, seen)
            distance = distance + self.regularizer * away
        if self.averaged:
            from_tasks = Counter(image for image, _ in {(pair.image, pair.from_task) for pair in pairs})
            fractions = torch.tensor([1 / from_tasks[pair.image] for pair in pairs])
            distance = distance * fractions.to(distance.device, non_blocking=True)
        return torch.where(known, distance, 0).sum(), known.sum()


def cosine_distance(a: Tensor, b: Tensor) -> Tensor:
    """1 - cos over the channels, a mean over positions: (I, C, h, w) twice -> float32 (I,)."""
    return 1 - F.cosine_similarity(a.float(), b.float(), dim=1).mean((1, 2))
