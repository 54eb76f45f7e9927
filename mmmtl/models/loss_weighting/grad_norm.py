"""GradNorm: weights that bring the tasks' gradients to sizes that fit their pace."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.models.loss_weighting.buffered_adam import BufferedAdam
from mmmtl.models.loss_weighting.loss_weighting import LossWeighting
from mmmtl.models.loss_weighting.scalarization import sound
from mmmtl.models.loss_weighting.task_gradients import TaskGradients
from mmmtl.registry import MODELS


@MODELS.register_module()
class GradNorm(LossWeighting):
    """total = sum of w * loss; w descends sum |G - mean(G) * r^alpha|, G = |gradient of w * loss|.

    Chen et al., "GradNorm: gradient normalization for adaptive loss balancing", ICML 2018, algorithm 1. r is the task's
    loss over its first one, divided by the mean of that over tasks; the target is held constant. After the losses have
    been weighted, w takes a step of Adam of its own (which does not depend on the size of the network's gradients), is
    kept above 0.01, and is scaled back to the sum it had: T over all tasks. Tasks that are not present keep their w,
    and the weights of the n that are present are scaled to the sum n. w, first losses and Adam's state are in the
    checkpoint.

    Heads are weighted. Nothing leaves the device. See `TaskGradients` for the cost; the paper takes only the last
    shared layer, which makes it small.

    Args:
        tasks: Task names, in the order of the losses.
        shared: Beginnings of the names of the shared parameters.
        alpha: >= 0, how strongly slow tasks are pushed; the paper has 1.5 on NYUv2.
        lr: Of the weights.

    Raises:
        ConfigError: alpha is negative; at the first step: ``shared`` matches nothing.
    """

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
        self.register_buffer('first', torch.zeros(size, dtype=torch.float64))  # 0 until the task has been present

    def forward(
        self, losses: Sequence[Tensor], present: Tensor, parameters: Mapping[str, nn.Parameter]
    ) -> tuple[Tensor, Tensor]:
        """Weight by w as it is, then move w."""
        with torch.no_grad():
            kept = torch.where(present, self.weights, 0)
            used = kept / kept.sum().clamp(min=1e-12) * present.sum()
        gradients = self.gradients(losses, *self.gradients.choose(parameters))
        with torch.autocast(present.device.type, enabled=False):
            self._move(gradients.losses.detach(), present, gradients.rows.norm(dim=1).double(), used)
            used = used.float()
            return gradients.descend(used), used

    @torch.no_grad()
    def _move(self, losses: Tensor, present: Tensor, norms: Tensor, used: Tensor) -> None:
        """A step of w from the norms (T,) of the unweighted gradients and the weights (T,) that were used."""
        whole = losses.double()
        all_reduce(whole, op='mean')
        moved = sound(whole, present) & norms.isfinite().all()
        self.first.copy_(torch.where(moved & (self.first == 0), whole, self.first))
        n = moved.sum().clamp(min=1)
        pace = torch.where(moved, whole / self.first.clamp(min=1e-12), 0)
        pace = pace / (pace.sum() / n).clamp(min=1e-12)
        sizes = torch.where(moved, used * norms, 0)
        target = sizes.sum() / n * pace**self.alpha
        stepped = self.adam(self.weights, torch.where(moved, norms * (sizes - target).sign(), 0), moved)
        stepped = stepped.clamp(min=0.01)
        before, after = (torch.where(moved, value, 0).sum() for value in (self.weights, stepped))
        self.weights.copy_(torch.where(moved, stepped * before / after.clamp(min=1e-12), self.weights))
