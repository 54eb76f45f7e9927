"""Contrast: a prediction is nearer to the label of its own image than to those of other images."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.gathered_pairs import pairs_of_all
from mmmtl.models.consistency_losses.joint_space_loss import JointSpaceLoss
from mmmtl.models.consistency_losses.task_pairs import TaskPair, index
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class ContrastiveLoss(JointSpaceLoss):
    """MTPSL's rival *Contrastive-Loss* (section 3.2): for every pair (s, t) of image i, a mean over the other images j
    of the batch that have the same pair, of

        max(0, d(m_s(i), m_t(i)) - d(m_s(i), m_t(j)) + margin),    d = 1 - cos, a mean over positions.

    Summed over the pairs of an image, averaged over the images. The paper penalises "when the distance from the
    positive one is bigger than the negative one" and gives no margin; without one a mapping that maps all to one point
    is already perfect, so ours is above 0. A pair that no other image of the batch has adds nothing; the batch is that
    of all processes.

    Args:
        tasks, in_channels, strides, weight, space, from_tasks: See `JointSpaceLoss`.
        margin: In cosine, > 0.
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
        margin: float = 0.2,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            tasks, in_channels, strides, weight=weight, space=space, from_tasks=from_tasks, init_cfg=init_cfg
        )
        if not margin > 0:
            raise ConfigError(f'ContrastiveLoss.margin must be a number > 0, found {margin!r}')
        self.margin = margin

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        own = self.pairs(samples)
        pairs, first, targets = pairs_of_all(own, targets, self.tasks)
        if not own:
            return self.per_image(self.nothing(logits), samples, 0)
        mapped = self.embed(logits, targets, own, pairs)
        total, met = self.contrast(*mapped, pairs, first)
        return self.per_image(total, samples, met)

    def contrast(
        self, source: Tensor, target: Tensor, known: Tensor, pairs: Sequence[TaskPair], first: int
    ) -> tuple[Tensor, Tensor]:
        """The sum over our I pairs, which stand among all J from ``first`` on, and how many negatives it has.

        Args:
            source: Mapped predictions of ours (I, C, h, w).
            target: Mapped labels of all (J, C, h, w).
            known: bool (J,), which labels say something.
            pairs: All J.
            first: 0 .. J - I.
        """
        ours = slice(first, first + len(source))
        source, target = (F.normalize(values.float(), dim=1).flatten(1) for values in (source, target))  # (I, C h w)
        positions = source.shape[1] // self.space.out_channels
        with torch.autocast(source.device.type, enabled=False):
            distance = 1 - source @ target.T / positions  # (I, J), row = prediction
        image = index([pair.image for pair in pairs], known.device)
        kind = index([self.space.pair_number(*pair[1:]) for pair in pairs], known.device)
        other = (image[ours, None] != image) & (kind[ours, None] == kind) & known & known[ours, None]
        nearer = F.relu(distance[:, ours].diagonal()[:, None] - distance + self.margin)
        return (torch.where(other, nearer, 0).sum(1) / other.sum(1).clamp(min=1)).sum(), other.sum()
