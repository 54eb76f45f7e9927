"""GradNorm: weights that balance the gradient norms of the tasks by their training rates."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.buffered_adam import BufferedAdam
from mmmtl.models.loss_weighting.loss_weighting import LossWeighting
from mmmtl.models.loss_weighting.scalarization import finite_present
from mmmtl.models.loss_weighting.task_gradients import TaskGradients
from mmmtl.registry import MODELS


@MODELS.register_module()
class GradNorm(LossWeighting):
    """total = sum of w * loss; w descends sum |G - mean(G) * r^alpha|, G = |gradient of w * loss|.

    Chen et al., "GradNorm: gradient normalization for adaptive loss balancing", ICML 2018, algorithm 1. r is the ratio
    of a task's loss to its first one, divided by the mean over tasks; the target has no gradient. After the losses are
    weighted, w is updated by its own Adam (which does not depend on the scale of the gradients), clamped to at least
    0.01, and scaled back to its previous sum, T over all tasks. Absent tasks keep their w, and the weights of the n
    present tasks are scaled to the sum n. w, first losses and Adam's state are part of the checkpoint.

    The weights apply to the heads too. There is no host-device synchronization. See `TaskGradients` for the cost, which
    is small for the last shared layer alone, as in the paper.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        shared: Prefixes of the names of the shared parameters, such as ``'backbone'``.
        alpha: Exponent >= 0, the strength of the balancing; 1.5 on NYUv2 in the paper.
        lr: Learning rate of the weights.

    Raises:
        ConfigError: alpha is negative; at the first step: ``shared`` matches no parameter.
    """

    weights: Tensor
    first: Tensor  # first loss of each task, 0 until it has been present

    def __init__(
        self, tasks: Sequence[str], shared: Sequence[str] = ('backbone',), *, alpha: float = 1.5, lr: float = 0.025
    ) -> None:
        super().__init__(tasks)
        if not alpha >= 0:
            raise ConfigError(f'GradNorm.alpha must be at least 0, found {alpha!r}')
        size = len(self.tasks)
        self.alpha = alpha
        self.gradients = TaskGradients(shared)
        self.adam = BufferedAdam(size, lr)
        self.register_buffer('weights', torch.ones(size, dtype=torch.float64))
        self.register_buffer('first', torch.zeros(size, dtype=torch.float64))

    def forward(
        self, losses: Sequence[Tensor], present: Tensor, parameters: Mapping[str, nn.Parameter]
    ) -> tuple[Tensor, Tensor]:
        """Return the total and the weights, then update w."""
        with torch.no_grad():
            present_weights = torch.where(present, self.weights, 0)
            used = present_weights / present_weights.sum().clamp(min=1e-12) * present.sum()
        gradients = self.gradients(losses, *self.gradients.split_parameters(parameters))
        with torch.autocast(present.device.type, enabled=False):
            self._update(gradients.losses.detach(), present, gradients.rows.norm(dim=1).double(), used)
            used = used.float()
            return gradients.descend(used), used

    @torch.no_grad()
    def _update(self, losses: Tensor, present: Tensor, norms: Tensor, used: Tensor) -> None:
        """Update w, given the norms (T,) of the unweighted gradients and the weights (T,) of this step."""
        whole = losses.double()
        all_reduce(whole, op='mean')
        moved = finite_present(whole, present) & norms.isfinite().all()
        self.first.copy_(torch.where(moved & (self.first == 0), whole, self.first))
        n = moved.sum().clamp(min=1)
        rate = torch.where(moved, whole / self.first.clamp(min=1e-12), 0)
        rate = rate / (rate.sum() / n).clamp(min=1e-12)
        sizes = torch.where(moved, used * norms, 0)
        target = sizes.sum() / n * rate**self.alpha
        stepped = self.adam(self.weights, torch.where(moved, norms * (sizes - target).sign(), 0), moved)
        stepped = stepped.clamp(min=0.01)
        before, after = (torch.where(moved, value, 0).sum() for value in (self.weights, stepped))
        self.weights.copy_(torch.where(moved, stepped * before / after.clamp(min=1e-12), self.weights))
