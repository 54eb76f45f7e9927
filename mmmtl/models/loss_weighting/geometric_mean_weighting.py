"""Geometric mean of the losses."""

import torch
from torch import Tensor

from mmmtl.models.loss_weighting.scalarization import Scalarization
from mmmtl.registry import MODELS


@MODELS.register_module()
class GeometricMeanWeighting(Scalarization):
    """total = (product of the losses of the n present tasks)^(1/n), 0 if there are none.

    Chennupati et al., "MultiNet++: multi-stream feature aggregation and geometric loss strategy", CVPR workshops 2019.
    Scaling a loss scales the total and keeps the ratios of the gradients. Losses are clamped to at least 1e-12 (without
    gradient below it) and must not be negative.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
    """

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        logs = torch.where(present, losses.clamp(min=1e-12), 1).log()
        return (logs.sum() / present.sum().clamp(min=1)).exp() * present.any()
