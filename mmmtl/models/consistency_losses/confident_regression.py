"""Depth learnt from the pseudo disparity of a stereo pair, each pixel by its confidence: Pseudo-MTL, eq. 1."""

import warnings
from collections.abc import Mapping, Sequence

from torch import Tensor

from mmmtl.models.consistency_losses.stereo_pairs import StereoConsistencyLoss, StereoPairs, weighted_mean
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample


@MODELS.register_module()
class ConfidentRegression(StereoConsistencyLoss):
    """L_d = sum over both views of L_reg(C, d, d_pgt), L_reg = sum of C |d - d_pgt| / sum of C.

    d is the normalised disparity, a share of the image's width: only so small a number fits the published weight of 850
    beside 2.5 for segmentation. ``confidence='off'`` gives the baseline of table 4.

    Args:
        weight: alpha_d.
        args, kwargs: See `StereoConsistencyLoss`.
    """

    needs_pseudo = True

    def __init__(self, *args, weight: float = 850.0, **kwargs) -> None:
        super().__init__(*args, weight=weight, **kwargs)

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
    ) -> Tensor:
        if not any(sample.get('rectified') for sample in samples):
            # the same words for every batch, so that they are shown once
            warnings.warn(
                f'a batch without rectified pair, where nothing teaches {self.depth}: the data set needs '
                "view_mode='stereo', its pipeline RectifiedPair",
                stacklevel=2,
            )
        return super().forward(logits, targets, features, samples)

    def supervised_tasks(self) -> set[str]:
        return {self.depth}

    def of_pairs(self, pairs: StereoPairs) -> Tensor:
        difference = pairs.normalised(self.own_normalized_disparity(pairs) - pairs.normalized_disparity).abs()
        return weighted_mean(difference, pairs.confidence).sum(1)
