"""The stereo pairs of a batch: maps of both views, disparity, confidence, and means over them.

Axes are (P, 2, C, H, W): P pairs, left and right view.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmmtl.errors import DataError
from mmmtl.geometry import StereoRig
from mmmtl.structures import MultiTaskDataSample


@dataclass(frozen=True)
class StereoPairs:
    """P stereo pairs of a batch.

    Args:
        logits: ``{task: (P, 2, channels, H, W)}``.
        targets: ``{task: (P, 2, target_channels, H, W)}``.
        rig: Focal lengths, baselines and offsets of the pairs.
        pseudo_disparity: (P, 2, 1, H, W) in focal lengths, 0 where unknown; None if the loss does not use it.
        confidence: Weights of the pixels (P, 2, 1, H, W), 0 where the pseudo disparity is unknown.
    """

    logits: dict[str, Tensor]
    targets: dict[str, Tensor]
    rig: StereoRig
    pseudo_disparity: Tensor | None
    confidence: Tensor

    @property
    def required_pseudo_disparity(self) -> Tensor:
        """The pseudo disparity of a loss with ``needs_pseudo = True``."""
        assert self.pseudo_disparity is not None, 'set needs_pseudo'
        return self.pseudo_disparity

    def fraction_of_width(self, disparity: Tensor) -> Tensor:
        """Convert a disparity in focal lengths into a fraction of the image's width, the d of the paper."""
        return disparity * self.rig.focal / disparity.shape[-1]


def sample_maps(samples: Sequence[MultiTaskDataSample], name: str, like: Tensor) -> Tensor:
    """Stack a map of the samples as (P, 2, 1, H, W), 0 in the padding.

    Raises:
        DataError: A sample lacks it.
    """
    maps = like.new_zeros(like.shape[0] * 2, 1, *like.shape[3:])
    for padded, sample in zip(maps, samples, strict=True):
        if name not in sample.gt:
            raise DataError(
                f'{sample.get("img_path")}: no pseudo {name} in the sample; put LoadPseudoLabels into the pipeline'
            )
        values = sample.gt.get(name)
        padded[:, : values.shape[1], : values.shape[2]] = values
    return maps.unflatten(0, (-1, 2))


def weighted_mean(error: Tensor, weight: Tensor) -> Tensor:
    """Compute L_reg of eq. 1 per view, (P, 2): the sum of C e over the sum of C, 0 if C is 0 everywhere.

    Args:
        error: e, (P, 2, 1, H, W); any value, even NaN, where C is 0.
        weight: C, (P, 2, 1, H, W).
    """
    error = torch.where(weight > 0, error, 0)
    return (weight * error).flatten(2).sum(2) / weight.flatten(2).sum(2).clamp(min=1e-6)


def sum_of_views(terms: Tensor, left: float, right: float) -> Tensor:
    """Return left * terms[:, 0] + right * terms[:, 1] of terms (P, 2)."""
    return left * terms[:, 0] + right * terms[:, 1]
