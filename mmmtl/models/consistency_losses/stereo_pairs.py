"""The stereo pairs of a batch, as the losses of Pseudo-MTL need them: maps of both views, disparity, confidence.

Axes are (P, 2, C, H, W): P pairs, left and right view.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmmtl.errors import ConfigError, DataError
from mmmtl.geometry import StereoRig, stereo_rig, warp_to_other_view
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.supervision_role import indices_for, select_images
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import require_capability

# confidence C -> C as it counts; 0 says that nothing is known and stays 0
THRESHOLDS: dict[str, Callable[[Tensor, float, float], Tensor]] = {
    'soft': lambda c, tau, beta: ((c - tau) * beta).sigmoid() * (c > 0),  # Choi et al., arXiv 2009.12840
    'hard': lambda c, tau, beta: ((c >= tau) & (c > 0)).to(c.dtype),
    'raw': lambda c, tau, beta: c,
    'off': lambda c, tau, beta: torch.ones_like(c),
}


@dataclass(frozen=True)
class StereoPairs:
    """P pairs of a batch."""

    logits: dict[str, Tensor]  # {task: (P, 2, channels, H, W)}
    targets: dict[str, Tensor]  # {task: (P, 2, target_channels, H, W)}
    rig: StereoRig
    normalized_disparity: (
        Tensor | None
    )  # (P, 2, 1, H, W) pseudo disparity in focal lengths, 0 = unknown; None if it is not used
    confidence: Tensor  # (P, 2, 1, H, W) as it counts, 0 where there is nothing to warp by

    def normalised(self, normalized_disparity: Tensor) -> Tensor:
        """Focal lengths -> shares of the image's width; the d of the paper."""
        return normalized_disparity * self.rig.focal / normalized_disparity.shape[-1]


class StereoConsistencyLoss(ConsistencyLoss):
    """What the losses of Pseudo-MTL (eq. 1-11) share: which images are pairs, G(a; b), confidence, the mean over pairs.

    Pairs are scenes whose samples say ``rectified``; all other images are passed over. A batch without pairs gives 0.

    Args:
        tasks, in_channels, strides: Given by the model.
        weight: Of the whole term.
        depth: The task whose logits are a depth. `InverseDepth` is what it is made for; the metres of any other `Depth`
            are inverted, at 0.1 m at the nearest.
        warp_by: The b of G(a; b): ``'pseudo'``, the pseudo disparity of the samples; or ``'own'``, what the network
            says itself, through which gradients flow too (the rows b = d_i of tables 4 and 5).
        confidence: ``'soft'``: sigmoid((C - tau) beta); ``'hard'``: 1 where C >= tau; ``'raw'``: C; ``'off'``: 1.
        tau: Of both thresholds. The published one is learnt elsewhere (Choi et al.) and not told.
        beta: Of the soft threshold.
        kwargs: Those of `ConsistencyLoss`.

    Raises:
        ConfigError: A name is unknown, or confidence is asked for without pseudo disparity.
        DataError: A pair comes without pseudo disparity or confidence, where they are needed.
    """

    needs_pseudo = False  # whether the pseudo disparity is needed even where the network's own is warped by

    def __init__(
        self,
        *args,
        depth: str = 'depth',
        warp_by: str = 'pseudo',
        confidence: str = 'soft',
        tau: float = 0.5,
        beta: float = 10.0,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        name = type(self).__name__
        if warp_by not in ('pseudo', 'own'):
            raise ConfigError(f"{name}.warp_by must be 'pseudo' or 'own', found {warp_by!r}")
        if confidence not in THRESHOLDS:
            raise ConfigError(f'{name}.confidence must be one of {", ".join(THRESHOLDS)}, found {confidence!r}')
        if warp_by == 'own' and confidence != 'off' and not self.needs_pseudo:
            raise ConfigError(
                f"{name}: confidence is that of the pseudo disparity, with warp_by='own' set confidence='off'"
            )
        if depth not in self.tasks:
            raise ConfigError(f'{name}.depth: {depth!r} is no task; the tasks are {", ".join(self.tasks)}')
        require_capability({depth: self.tasks[depth]}, 'stereo', f'{name}.depth')
        self.depth, self.warp_by, self.confidence = depth, warp_by, confidence
        self.tau, self.beta = self.numbers(tau=tau, beta=beta)

    @abstractmethod
    def of_pairs(self, pairs: StereoPairs) -> Tensor:
        """(P,): the term of every pair."""

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        """The mean over the pairs of all processes."""
        indices = [place for place in indices_for('consistency', samples) if samples[place].get('rectified')]
        total = sum(values.flatten()[:0].sum() for values in logits.values()).float()  # 0, connected to the graph
        if indices:
            pairs = self.pairs(logits, targets, [samples[place] for place in indices], indices)
            total = total + self.of_pairs(pairs).sum()
        return self.mean(total, len(indices) / 2)

    def pairs(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        samples: Sequence[MultiTaskDataSample],
        indices: Sequence[int],
    ) -> StereoPairs:
        """The samples at ``places``, which are those of pairs in the order left, right, left, right, ..."""
        logits, targets = (
            {name: values.unflatten(0, (-1, 2)) for name, values in select_images(maps, indices).items()}
            for maps in (logits, targets)
        )
        rig = stereo_rig(
            *(
                torch.stack([sample.get(key) for sample in samples]).unflatten(0, (-1, 2))
                for key in ('intrinsics', 'camera_T_world')
            )
        )
        like = logits[self.depth]
        normalized_disparity, confidence = None, torch.ones_like(like)
        if self.warp_by == 'pseudo' or self.needs_pseudo:
            normalized_disparity = maps_of(samples, 'disparity', like)
            if self.confidence != 'off':
                confidence = maps_of(samples, 'confidence', like)
            confidence = THRESHOLDS[self.confidence](confidence, self.tau, self.beta) * (normalized_disparity > 0)
        return StereoPairs(logits, targets, rig, normalized_disparity, confidence)

    def own_normalized_disparity(self, pairs: StereoPairs) -> Tensor:
        """The network's depth in focal lengths, baseline / depth, (P, 2, 1, H, W)."""
        return self.tasks[self.depth].stereo.normalized_disparity(pairs.logits[self.depth], pairs.rig.baseline)

    def warp(self, values: Tensor, pairs: StereoPairs, mode: str = 'bilinear') -> tuple[Tensor, Tensor]:
        """G of both views' maps (P, 2, C, H, W), and the share of the confidence that is left, 0 outside the image."""
        normalized_disparity = (
            pairs.normalized_disparity if self.warp_by == 'pseudo' else self.own_normalized_disparity(pairs)
        )
        warped, inside = warp_to_other_view(values, pairs.rig.disparity(normalized_disparity), mode=mode)
        return warped, pairs.confidence * inside


def maps_of(samples: Sequence[MultiTaskDataSample], name: str, like: Tensor) -> Tensor:
    """One more map of the samples as (P, 2, 1, H, W), 0 in the padding.

    Raises:
        DataError: A sample has none.
    """
    maps = like.new_zeros(like.shape[0] * 2, 1, *like.shape[3:])
    for place, sample in zip(maps, samples, strict=True):
        if name not in sample.gt:
            raise DataError(
                f'{sample.get("img_path")}: no pseudo {name} in the sample; put LoadPseudoLabels into the pipeline'
            )
        values = sample.gt.get(name)
        place[:, : values.shape[1], : values.shape[2]] = values
    return maps.unflatten(0, (-1, 2))


def weighted_mean(error: Tensor, weight: Tensor) -> Tensor:
    """L_reg of eq. 1: sum of C e over sum of C, per view (P, 2); 0 where C is 0 everywhere.

    Where C is 0 the error may be anything, NaN too.
    """
    error = torch.where(weight > 0, error, 0)
    return (weight * error).flatten(2).sum(2) / weight.flatten(2).sum(2).clamp(min=1e-6)


def side_sum(terms: Tensor, left: float, right: float) -> Tensor:
    """(P, 2) -> left * terms[:, 0] + right * terms[:, 1]."""
    return left * terms[:, 0] + right * terms[:, 1]
