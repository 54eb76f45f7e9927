"""FAMO: the losses fall at one rate, without gradients per task."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmmtl.models.loss_weighting.buffered_adam import BufferedAdam
from mmmtl.models.loss_weighting.scalarization import Scalarization, masked_softmax, sound
from mmmtl.registry import MODELS


@MODELS.register_module()
class FAMO(Scalarization):
    """weight = z / loss, scaled to the sum 1, z = softmax of logits that follow how fast each loss falls.

    Liu et al., "FAMO: fast adaptive multitask optimization", NeurIPS 2023, algorithm 2: the logits take a step of Adam
    against how much log(loss) has fallen. There the fall is measured by a second pass over the same images after the
    step; here by the next batch, which costs nothing, has the same expectation and more noise. The total that is
    reported is the weighted sum (the paper's, c * sum z log(loss), has the same gradient). Logits, Adam's state and the
    last losses are in the checkpoint; a task learns from two batches in a row that have it.

    Args:
        tasks: Task names, in the order of the losses.
        lr: Of the logits.
        weight_decay: Of the logits.
    """

    def __init__(self, tasks: Sequence[str], lr: float = 0.025, weight_decay: float = 1e-3) -> None:
        super().__init__(tasks)
        size = len(self.tasks)
        self.adam = BufferedAdam(size, lr, weight_decay)
        self.register_buffer('logits', torch.zeros(size, dtype=torch.float64))
        self.register_buffer('last', torch.ones(size, dtype=torch.float64))
        self.register_buffer('last_present', torch.zeros(size, dtype=torch.bool))

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        with torch.no_grad():
            now, here = losses + 1e-8, sound(losses, present)
            both = here & self.last_present
            fall = torch.where(both, self.last.log() - torch.where(both, now, 1).log(), 0)
            z = masked_softmax(self.logits, both)
            self.logits.copy_(self.adam(self.logits, z * (fall - (z * fall).sum()), both))
            self.last.copy_(torch.where(here, now, self.last))
            self.last_present.copy_(here)
            fractions = masked_softmax(self.logits, present) / torch.where(present, now, 1)
            weights = fractions / fractions.sum().clamp(min=1e-300)
        return (weights * losses).sum()
