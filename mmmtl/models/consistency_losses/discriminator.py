"""A discriminator of whether a mapped prediction and a mapped label belong to the same image."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.models.consistency_losses.gathered_pairs import gather_pairs
from mmmtl.models.consistency_losses.joint_space_loss import JointSpaceLoss
from mmmtl.models.consistency_losses.task_pairs import TaskPair, index_tensor
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class DiscriminatorLoss(JointSpaceLoss):
    """The baseline *Discriminator-Loss* of MTPSL (Li, Liu, Bilen, CVPR 2022, section 3.2).

    A small convolutional network takes m_s(i) with m_t(i), and m_s(i) with m_t(j) of another image j with the same pair
    of tasks, and learns by binary cross-entropy to tell the two apart, while the multi-task network and the mapping
    learn to make them alike. Mean over positions of the two cross-entropies, summed over the pairs of an image,
    averaged over the images. The batch spans all processes; a pair that no other image has adds nothing.

    Where we differ: the paper alternates between the two; here one optimizer step trains both, as the gradient changes
    its sign where it leaves the discriminator (Ganin and Lempitsky, ICML 2015). The paper does not state the objective
    of the multi-task network; that it opposes the discriminator is our reading.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
        weight: Factor of the term, >= 0, or the config of a `GradientShare`; it also scales the gradient
            of the discriminator.
        space: Config of the mapping network; `JointTaskSpace` by default.
        from_tasks: ``'unlabelled'`` or ``'all'``, see `JointSpaceLoss`.
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
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            tasks, in_channels, strides, weight=weight, space=space, from_tasks=from_tasks, init_cfg=init_cfg
        )
        channels = self.space.out_channels
        self.discriminator = nn.Sequential(
            nn.Conv2d(2 * channels, channels, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(channels, 1, 1)
        )

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        own_pairs = self.pairs(samples)
        pairs, first, targets = gather_pairs(own_pairs, targets, self.tasks)
        own_negatives = negatives(pairs)[first : first + len(own_pairs)]
        negative_of = {index: other for index, other in enumerate(own_negatives) if other is not None}
        if not negative_of:
            return self.per_image(self.zero(logits), samples, 0)
        predictions, labels, valid = self.embed(logits, targets, own_pairs, pairs)
        anchor = index_tensor(list(negative_of), valid.device)
        positive = index_tensor([first + index for index in negative_of], valid.device)
        negative = index_tensor(list(negative_of.values()), valid.device)
        anchors = predictions.index_select(0, anchor)
        inputs = torch.stack([torch.cat([anchors, labels.index_select(0, x)], dim=1) for x in (positive, negative)])
        inputs = ReverseGradient.apply(inputs).flatten(0, 1)  # (2 I, 2 C, h, w)
        scores, negative_scores = self.discriminator(inputs).float().flatten(1).chunk(2)  # logits (I, h w)
        entropy = (F.softplus(-scores) + F.softplus(negative_scores)).mean(1)
        both = valid.index_select(0, positive) & valid.index_select(0, negative)
        return self.per_image(torch.where(both, entropy, 0).sum(), samples, both.sum())


def negatives(pairs: Sequence[TaskPair]) -> list[int | None]:
    """Return for every pair the index of the next pair, cyclically, of the same tasks on another image, if any."""
    found: list[int | None] = []
    for index, pair in enumerate(pairs):
        cyclic = (*range(index + 1, len(pairs)), *range(index))
        candidates = (i for i in cyclic if pairs[i].tasks == pair.tasks and pairs[i].image != pair.image)
        found.append(next(candidates, None))
    return found


class ReverseGradient(torch.autograd.Function):
    """Gradient reversal: the identity in the forward pass, a change of sign in the backward pass."""

    @staticmethod
    def forward(ctx, values: Tensor) -> Tensor:
        return values.view_as(values)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return -gradient
