"""Random weights, a strong baseline."""

import torch
from mmengine.dist import broadcast
from torch import Tensor

from mmmtl.models.loss_weighting.scalarization import Scalarization, masked_softmax
from mmmtl.registry import MODELS


@MODELS.register_module()
class RandomWeighting(Scalarization):
    """Weights = softmax of Gaussian random numbers over the n present tasks, times n; drawn in every step.

    Lin et al., "Reasonable effectiveness of random weighting", TMLR 2022, RLW with the normal distribution. The paper's
    weights sum to 1, ours to n, so that the learning rate has the same meaning as with all weights 1. Rank 0 draws the
    numbers; a checkpoint contains the state of its generator.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
    """

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        numbers = torch.randn(len(losses), dtype=torch.float64).to(losses.device, non_blocking=True)
        broadcast(numbers)
        return (masked_softmax(numbers, present) * present.sum() * losses).sum()
