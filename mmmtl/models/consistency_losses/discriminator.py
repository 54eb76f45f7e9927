"""A discriminator: can one tell whether a mapped prediction and a mapped label belong to one image?"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmtl.models.consistency_losses.gathered_pairs import pairs_of_all
from mmmtl.models.consistency_losses.joint_space_loss import JointSpaceLoss
from mmmtl.models.consistency_losses.task_pairs import TaskPair, index
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@MODELS.register_module()
class DiscriminatorLoss(JointSpaceLoss):
    """MTPSL's rival *Discriminator-Loss* (section 3.2): a small convolutional network is shown m_s(i) with m_t(i), and
    m_s(i) with m_t(j) of another image j that has the same pair of tasks, and learns by binary cross-entropy which is
    which, while the multi-task network and the mapping learn to make the two alike.

    The paper takes turns between the two; here one optimiser serves both, because the gradient changes its sign where
    it leaves the discriminator (Ganin and Lempitsky, ICML 2015). The paper does not say what the network is to reach;
    that it works against the discriminator is our reading. Mean over positions of the two cross-entropies, summed over
    the pairs of an image, averaged over the images. A pair that no other image of the batch has adds nothing; the batch
    is that of all processes.

    Args:
        tasks, in_channels, strides, weight, space, from_tasks: See `JointSpaceLoss`. The weight also scales the
            gradient of the discriminator.
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
        own = self.pairs(samples)
        pairs, first, targets = pairs_of_all(own, targets, self.tasks)
        others = negatives(pairs)[first : first + len(own)]
        here = [place for place, other in enumerate(others) if other is not None]
        if not here:
            return self.per_image(self.nothing(logits), samples, 0)
        source, target, known = self.embed(logits, targets, own, pairs)
        anchors, mine, strangers = (
            index(indices, known.device)
            for indices in (here, [first + place for place in here], [others[place] for place in here])
        )
        own, strange = ReverseGradient.apply(
            torch.stack(
                [
                    torch.cat([source.index_select(0, anchors), target.index_select(0, indices)], dim=1)
                    for indices in (mine, strangers)
                ]
            )
        )  # (I, 2 C, h, w) twice
        said = self.discriminator(torch.cat([own, strange])).float().flatten(1).chunk(2)  # logits (I, h w)
        entropy = (F.softplus(-said[0]) + F.softplus(said[1])).mean(1)
        both = known.index_select(0, mine) & known.index_select(0, strangers)
        return self.per_image(torch.where(both, entropy, 0).sum(), samples, both.sum())


def negatives(pairs: Sequence[TaskPair]) -> list[int | None]:
    """For every pair the next one, round the batch, of the same tasks on another image; None where there is none."""
    found: list[int | None] = []
    for place, pair in enumerate(pairs):
        round_the_batch = (*range(place + 1, len(pairs)), *range(place))
        found.append(
            next(
                (
                    other
                    for other in round_the_batch
                    if pairs[other][1:] == pair[1:] and pairs[other].image != pair.image
                ),
                None,
            )
        )
    return found


class ReverseGradient(torch.autograd.Function):
    """Gradient reversal: the identity, whose gradient changes its sign."""

    @staticmethod
    def forward(ctx, values: Tensor) -> Tensor:
        return values.view_as(values)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return -gradient
