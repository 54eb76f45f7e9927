"""Contrast a prediction and the label of its own image with the labels of other images."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses.gathered_pairs import gather_pairs
from mmmtl.models.consistency_losses.joint_space_loss import JointSpaceLoss
from mmmtl.models.consistency_losses.task_pairs import TaskPair, index_tensor
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class ContrastiveLoss(JointSpaceLoss):
    """The baseline *Contrastive-Loss* of MTPSL (Li, Liu, Bilen, CVPR 2022, section 3.2).

    For every pair (s, t) of image i, the mean over the other images j of the batch with the same pair of

        max(0, d(m_s(i), m_t(i)) - d(m_s(i), m_t(j)) + margin),    d = 1 - cos, averaged over positions,

    where m_s is the mapped prediction of s and m_t the mapped label of t. The loss is summed over the pairs of an image
    and averaged over the images. The other images come from the batches of all processes; a pair that occurs in no
    other image is skipped.

    Where we differ: the paper states no margin. With a margin of 0, a constant mapping is already optimal, so the
    margin must be positive.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
        weight: Factor of the term, >= 0, or the config of a `GradientShare`.
        space: Config of the mapping network; `JointTaskSpace` by default.
        from_tasks: ``'unlabelled'`` or ``'all'``, see `JointSpaceLoss`.
        margin: Margin of the cosine distance, > 0.

    Raises:
        ConfigError: The margin is not positive.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        in_channels: Sequence[int],
        strides: Sequence[int],
        *,
        weight: float | dict = 1.0,
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
        own_pairs = self.pairs(samples)
        pairs, first, targets = gather_pairs(own_pairs, targets, self.tasks)
        if not own_pairs:
            return self.per_image(self.zero(logits), samples, 0)
        predictions, labels, valid = self.embed(logits, targets, own_pairs, pairs)
        total, compared = self.contrast(predictions, labels, valid, pairs, first)
        return self.per_image(total, samples, compared)

    def contrast(
        self, predictions: Tensor, labels: Tensor, valid: Tensor, pairs: Sequence[TaskPair], first: int
    ) -> tuple[Tensor, Tensor]:
        """Return the sum over the I pairs of this process, and the number of their negatives.

        Args:
            predictions: Mapped predictions (I, C, h, w) of this process.
            labels: Mapped labels (J, C, h, w) of all processes.
            valid: Bool (J,), True where the label has a valid pixel.
            pairs: All J pairs.
            first: Index in ``pairs`` of the first pair of this process.
        """
        own_pairs = slice(first, first + len(predictions))
        predictions, labels = (F.normalize(x.float(), dim=1).flatten(1) for x in (predictions, labels))  # (I, C h w)
        positions = predictions.shape[1] // self.space.out_channels
        with torch.autocast(predictions.device.type, enabled=False):
            distance = 1 - predictions @ labels.T / positions  # (I, J), row = prediction
        image = index_tensor([pair.image for pair in pairs], valid.device)
        tasks = index_tensor([self.space.pair_index(*pair.tasks) for pair in pairs], valid.device)
        negative = (
            (image[own_pairs, None] != image) & (tasks[own_pairs, None] == tasks) & valid & valid[own_pairs, None]
        )
        hinge = F.relu(distance[:, own_pairs].diagonal()[:, None] - distance + self.margin)
        return (torch.where(negative, hinge, 0).sum(1) / negative.sum(1).clamp(min=1)).sum(), negative.sum()
