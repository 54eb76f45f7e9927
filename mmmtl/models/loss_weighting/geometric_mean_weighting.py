"""The geometric mean of the losses."""

import torch
from torch import Tensor

from mmmtl.models.loss_weighting.scalarization import Scalarization
from mmmtl.registry import MODELS


@MODELS.register_module()
class GeometricMeanWeighting(Scalarization):
    """total = (product of the n losses that are present)^(1/n), 0 where none is.

    Chennupati et al., "MultiNet++: multi-stream feature aggregation and geometric loss strategy", CVPR workshops 2019.
    The scale of one loss scales the total and leaves the proportions of the gradients. Losses below 1e-12 count as that
    and have no gradient; a loss may not be negative.

    Args:
        tasks: Task names, in the order of the losses.
    """

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        logs = torch.where(present, losses.clamp(min=1e-12), 1).log()
        return (logs.sum() / present.sum().clamp(min=1)).exp() * present.any()
