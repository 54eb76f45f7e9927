"""FAMO: all losses fall at the same rate, without per-task gradients."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmmtl.models.loss_weighting.buffered_adam import BufferedAdam
from mmmtl.models.loss_weighting.scalarization import Scalarization, finite_present, masked_softmax
from mmmtl.registry import MODELS


@MODELS.register_module()
class FAMO(Scalarization):
    """weight = z / loss, scaled to the sum 1; z = softmax of logits that adapt to how fast each loss falls.

    Liu et al., "FAMO: fast adaptive multitask optimization", NeurIPS 2023, algorithm 2: Adam updates the logits by the
    decrease of log(loss). Logits, Adam's state and the last losses are part of the checkpoint. The logit of a task is
    updated if two consecutive batches have labels of it.

    Where we differ: the paper measures the decrease by a second forward pass over the same images after the step; we
    use the next batch, which costs nothing and has the same expectation, but more noise. The reported total is the
    weighted sum; the paper's, c * sum z log(loss), has the same gradient.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        lr: Learning rate of the logits.
        weight_decay: Weight decay of the logits.
    """

    logits: Tensor
    last: Tensor  # losses of the last step
    last_present: Tensor

    def __init__(self, tasks: Sequence[str], lr: float = 0.025, weight_decay: float = 1e-3) -> None:
        super().__init__(tasks)
        size = len(self.tasks)
        self.adam = BufferedAdam(size, lr, weight_decay)
        self.register_buffer('logits', torch.zeros(size, dtype=torch.float64))
        self.register_buffer('last', torch.ones(size, dtype=torch.float64))
        self.register_buffer('last_present', torch.zeros(size, dtype=torch.bool))

    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        with torch.no_grad():
            now, usable = losses + 1e-8, finite_present(losses, present)
            both = usable & self.last_present
            decrease = torch.where(both, self.last.log() - torch.where(both, now, 1).log(), 0)
            z = masked_softmax(self.logits, both)
            self.logits.copy_(self.adam(self.logits, z * (decrease - (z * decrease).sum()), both))
            self.last.copy_(torch.where(usable, now, self.last))
            self.last_present.copy_(usable)
            fractions = masked_softmax(self.logits, present) / torch.where(present, now, 1)
            weights = fractions / fractions.sum().clamp(min=1e-300)
        return (weights * losses).sum()
