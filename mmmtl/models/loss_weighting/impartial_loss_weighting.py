"""IMTL-L: learned scales bring all losses to the same magnitude."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmmtl.models.loss_weighting.scalarization import Scalarization
from mmmtl.registry import MODELS


@MODELS.register_module()
class ImpartialLossWeighting(Scalarization):
    """total = sum over tasks of exp(s) * loss - s, where s is learned with the network and starts at 0.

    IMTL-L of Liu et al., "Towards impartial multi-task learning", ICLR 2021. At the optimal s the term is
    1 + log(loss): the scale of a loss then shifts the total and does not change the gradients. The gradient of s is 0
    while its task is absent.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__(tasks)
        self.log_scales = nn.Parameter(torch.zeros(len(self.tasks)))

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        log_scales = self.log_scales.double()
        return torch.where(present, log_scales.exp() * losses - log_scales, 0).sum()
