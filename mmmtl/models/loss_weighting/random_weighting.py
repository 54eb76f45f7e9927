"""Random weights, a baseline that is hard to beat."""

import torch
from mmengine.dist import broadcast
from torch import Tensor

from mmmtl.models.loss_weighting.scalarization import Scalarization, masked_softmax
from mmmtl.registry import MODELS


@MODELS.register_module()
class RandomWeighting(Scalarization):
    """Weights = softmax of normal random numbers over the n tasks that are present, times n; new ones in every step.

    Lin et al., "Reasonable effectiveness of random weighting", TMLR 2022, RLW with the normal distribution; there they
    sum to 1, here to n, so that the learning rate means what it means with all weights 1. The numbers are those of the
    first process's generator, which a checkpoint holds.

    Args:
        tasks: Task names, in the order of the losses.
    """

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        numbers = torch.randn(len(losses), dtype=torch.float64).to(losses.device, non_blocking=True)
        broadcast(numbers)
        return (masked_softmax(numbers, present) * present.sum() * losses).sum()
