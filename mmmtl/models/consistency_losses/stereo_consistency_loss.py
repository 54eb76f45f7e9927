"""Base class of the losses of Pseudo-MTL: the pairs of a batch, warping, confidence, and the mean over pairs."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.geometry import stereo_rig, warp_to_other_view
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.consistency_losses.stereo_pairs import StereoPairs, sample_maps
from mmmtl.models.supervision_role import indices_for, select_images
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import require_capability

# (confidence C, tau, beta) -> the weight of a pixel; a C of 0, unknown, stays 0
THRESHOLDS: dict[str, Callable[[Tensor, float, float], Tensor]] = {
    'soft': lambda c, tau, beta: ((c - tau) * beta).sigmoid() * (c > 0),  # Choi et al., arXiv 2009.12840
    'hard': lambda c, tau, beta: ((c >= tau) & (c > 0)).to(c.dtype),
    'raw': lambda c, tau, beta: c,
    'off': lambda c, tau, beta: torch.ones_like(c),
}


class StereoConsistencyLoss(ConsistencyLoss):
    """Base class of the losses of Pseudo-MTL (eq. 1-11): pairs, the warp G(a; b), confidence, the mean over pairs.

    Pairs are the scenes whose samples have ``rectified=True``; other images are ignored. A batch without pairs gives 0.

    Args:
        *args: ``tasks``, ``in_channels`` and ``strides``, passed by the model, see `ConsistencyLoss`.
        depth: Name of the task whose logits are a depth, normally an `InverseDepth`. The metres of any other `Depth`
            are inverted, after a clamp to at least 0.1 m.
        warp_by: The b of G(a; b): ``'pseudo'``, the pseudo disparity of the samples; or ``'own'``, the disparity that
            the network predicts, through which gradients flow too (the rows b = d_i of tables 4 and 5).
        confidence: Weight of a pixel of confidence C. ``'soft'``: sigmoid((C - tau) beta); ``'hard'``: 1 where
            C >= tau; ``'raw'``: C; ``'off'``: 1.
        tau: Threshold of ``'soft'`` and ``'hard'``. The paper learns it (Choi et al.) and does not state its value.
        beta: Slope of ``'soft'``.
        **kwargs: ``weight`` and ``init_cfg`` of `ConsistencyLoss`.

    Raises:
        ConfigError: A name is unknown, or a confidence is used without pseudo disparity.
    """

    compares_labels = False
    needs_pseudo = False  # True: the pseudo disparity is used even with ``warp_by='own'``

    def __init__(
        self,
        *args: Any,
        depth: str = 'depth',
        warp_by: str = 'pseudo',
        confidence: str = 'soft',
        tau: float = 0.5,
        beta: float = 10.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        name = type(self).__name__
        if warp_by not in ('pseudo', 'own'):
            raise ConfigError(f"{name}.warp_by must be 'pseudo' or 'own', found {warp_by!r}")
        if confidence not in THRESHOLDS:
            raise ConfigError(f'{name}.confidence must be one of {", ".join(THRESHOLDS)}, found {confidence!r}')
        if warp_by == 'own' and confidence != 'off' and not self.needs_pseudo:
            raise ConfigError(
                f"{name}: the confidence belongs to the pseudo disparity; with warp_by='own' set confidence='off'"
            )
        if depth not in self.tasks:
            raise ConfigError(f'{name}.depth: unknown task {depth!r}; the tasks are {", ".join(self.tasks)}')
        require_capability({depth: self.tasks[depth]}, 'stereo', f'{name}.depth')
        self.depth, self.warp_by, self.confidence = depth, warp_by, confidence
        self.tau, self.beta = self.non_negative(tau=tau, beta=beta)

    @abstractmethod
    def pair_losses(self, pairs: StereoPairs) -> Tensor:
        """Return the term of every pair, (P,)."""

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        """Return the mean over the pairs of all processes.

        Raises:
            DataError: A pair has no pseudo disparity or confidence, and the loss uses it.
        """
        indices = [index for index in indices_for('consistency', samples) if samples[index].get('rectified')]
        total = self.zero(logits).float()
        if indices:
            pairs = self.pairs(logits, targets, [samples[index] for index in indices], indices)
            total = total + self.pair_losses(pairs).sum()
        return self.mean(total, len(indices) / 2)

    def pairs(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        samples: Sequence[MultiTaskDataSample],
        indices: Sequence[int],
    ) -> StereoPairs:
        """Return the pairs of a batch.

        Args:
            logits: ``{task: (N, channels, H, W)}``.
            targets: ``{task: (N, target_channels, H, W)}``.
            samples: Samples of the pairs, in the order left, right, left, right, ...
            indices: Their indices in the batch.
        """
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
        pseudo_disparity, confidence = None, torch.ones_like(like)
        if self.warp_by == 'pseudo' or self.needs_pseudo:
            pseudo_disparity = sample_maps(samples, 'disparity', like)
            if self.confidence != 'off':
                confidence = sample_maps(samples, 'confidence', like)
            confidence = THRESHOLDS[self.confidence](confidence, self.tau, self.beta) * (pseudo_disparity > 0)
        return StereoPairs(logits, targets, rig, pseudo_disparity, confidence)

    def own_disparity(self, pairs: StereoPairs) -> Tensor:
        """Return the predicted disparity in focal lengths, baseline / depth, (P, 2, 1, H, W)."""
        stereo = self.tasks[self.depth].stereo
        assert stereo is not None, 'checked by the constructor'
        return stereo.normalized_disparity(pairs.logits[self.depth], pairs.rig.baseline)

    def warp(self, values: Tensor, pairs: StereoPairs, mode: str = 'bilinear') -> tuple[Tensor, Tensor]:
        """Compute G of both views' maps (P, 2, C, H, W).

        Returns:
            The warped maps, and the confidence (P, 2, 1, H, W), 0 where G samples outside of the image.
        """
        disparity = pairs.required_pseudo_disparity if self.warp_by == 'pseudo' else self.own_disparity(pairs)
        warped, inside = warp_to_other_view(values, pairs.rig.disparity(disparity), mode=mode)
        return warped, pairs.confidence * inside
