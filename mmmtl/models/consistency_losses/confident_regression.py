"""Regression of depth to the pseudo disparity of stereo pairs, weighted by confidence: Pseudo-MTL, eq. 1."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from mmmtl.models.consistency_losses.stereo_consistency_loss import StereoConsistencyLoss
from mmmtl.models.consistency_losses.stereo_pairs import StereoPairs, weighted_mean
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample


@MODELS.register_module()
class ConfidentRegression(StereoConsistencyLoss):
    """L_d = sum over both views of L_reg(C, d, d_pgt), L_reg = sum of C |d - d_pgt| / sum of C.

    d is the disparity as a fraction of the image's width; no larger unit fits the published weight of 850 next to 2.5
    for segmentation. ``confidence='off'`` gives the baseline of table 4.

    Args:
        *args: ``tasks``, ``in_channels`` and ``strides``, passed by the model.
        weight: alpha_d.
        **kwargs: ``depth``, ``warp_by``, ``confidence``, ``tau`` and ``beta`` of `StereoConsistencyLoss`, and
            ``init_cfg``.
    """

    needs_pseudo = True

    def __init__(self, *args: Any, weight: float | dict = 850.0, **kwargs: Any) -> None:
        super().__init__(*args, weight=weight, **kwargs)

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        if not any(sample.get('rectified') for sample in samples):
            # the same message for every batch, so that it is shown once
            warnings.warn(
                f'a batch has no rectified pair, so it does not supervise {self.depth}: use RectifiedPair in the '
                "dataset's pipeline, and view_mode='stereo'",
                stacklevel=2,
            )
        return super().forward(logits, targets, features, samples)

    def supervised_tasks(self) -> set[str]:
        return {self.depth}

    def pair_losses(self, pairs: StereoPairs) -> Tensor:
        difference = pairs.fraction_of_width(self.own_disparity(pairs) - pairs.required_pseudo_disparity).abs()
        return weighted_mean(difference, pairs.confidence).sum(1)
