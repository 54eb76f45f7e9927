"""A weight for a consistency loss that keeps its gradient at a fixed fraction of the gradient of the tasks."""

import math
from collections.abc import Sequence

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.registry import MODELS

HALF_SCALE = 2.0**12  # loss scale of the measurement under float16, divided out again


@MODELS.register_module()
class GradientShare(nn.Module):
    """weight = share * |g_tasks| / |g_term|, with gradients g on the features of the backbone. Ours, not from a paper.

    Use it in place of the number ``weight`` of a consistency loss::

        consistency_losses=dict(cross_task=dict(type=CrossTaskConsistency, weight=dict(type=GradientShare, share=0.1)))

    g_tasks is the gradient of the weighted sum of the task losses, g_term that of the consistency loss, both on all
    feature maps of the backbone and all images of all processes. So the term cannot dominate the tasks, however large
    its loss is, and a constant factor on its loss changes nothing. A vanishing gradient of the term is amplified too,
    unless ``max_weight`` bounds the weight.

    The norms are measured in every ``interval``-th iteration, by two backward passes that end at the features, and
    smoothed: new = momentum * old + (1 - momentum) * measured. An iteration in which either gradient is 0 (no label, or
    nothing to compare) or not finite changes nothing; the weight is 0 before the first measurement. There is no
    host-device synchronization. The norms and the number of iterations are part of the checkpoint.

    The weight is logged as ``weight/<name>``. In iterations with a measurement, the share reached with this weight is
    logged as ``gradient_share/<name>``.

    Args:
        share: Ratio of the norms, >= 0.
        interval: Number of iterations between measurements, >= 1.
        momentum: Weight of earlier measurements, 0 (no smoothing) to below 1.
        max_weight: Upper bound of the weight, > 0, for example the published weight; none by default.

    Raises:
        ConfigError: An argument is out of range; in training: no feature of the backbone has a gradient.
    """

    norms: Tensor

    def __init__(
        self, share: float, *, interval: int = 10, momentum: float = 0.5, max_weight: float = math.inf
    ) -> None:
        super().__init__()
        for name, value, valid, expected in (
            ('share', share, isinstance(share, int | float) and 0 <= share < math.inf, 'a number >= 0'),
            ('interval', interval, isinstance(interval, int) and interval >= 1, 'an integer >= 1'),
            ('momentum', momentum, isinstance(momentum, int | float) and 0 <= momentum < 1, 'a number >= 0 and < 1'),
            ('max_weight', max_weight, isinstance(max_weight, int | float) and max_weight > 0, 'a number > 0'),
        ):
            if not valid:
                raise ConfigError(f'GradientShare.{name} must be {expected}, found {value!r}')
        self.share, self.interval, self.momentum, self.max_weight = share, interval, momentum, max_weight
        self.register_buffer('norms', torch.zeros(2))  # smoothed, of tasks and term; 0 before the first measurement
        self.iterations = 0
        self.measured: tuple[Tensor, Tensor] | None = None  # share in the last iteration and its count, 0 or 1

    def forward(self, loss: Tensor, task_loss: Tensor, features: Sequence[Tensor]) -> Tensor:
        """Return the weight, a float32 scalar without a graph.

        Args:
            loss: The consistency loss, a scalar.
            task_loss: The weighted sum of the task losses, a scalar.
            features: Features of the backbone, with the graph of both.
        """
        norms = None
        if self.training and torch.is_grad_enabled():
            if self.iterations % self.interval == 0:
                norms = self._measure(loss, task_loss, features)
            self.iterations += 1
        tasks, term = self.norms.clone().unbind()
        weight = (self.share * torch.where(term > 0, tasks / term.clamp(min=1e-30), 0)).clamp(max=self.max_weight)
        if norms is None:
            self.measured = torch.zeros_like(weight), torch.zeros_like(weight)
        else:
            valid = _usable(norms)
            share = weight * norms[1] / norms[0].clamp(min=1e-30)
            self.measured = torch.where(valid, share, 0), valid.to(weight)
        return weight

    @torch.no_grad()
    def _measure(self, loss: Tensor, task_loss: Tensor, features: Sequence[Tensor]) -> Tensor:
        """Update the smoothed norms; return those of this iteration, (2,)."""
        norms = torch.stack([_gradient_norm(value, features) for value in (task_loss, loss)])
        smoothed = torch.where(self.norms > 0, self.momentum * self.norms + (1 - self.momentum) * norms, norms)
        self.norms.copy_(torch.where(_usable(norms), smoothed, self.norms))
        return norms

    def get_extra_state(self) -> Tensor:
        """Return the number of iterations, for the checkpoint."""
        return torch.tensor(self.iterations)

    def set_extra_state(self, state: Tensor) -> None:
        """Restore the number of iterations."""
        self.iterations = int(state)


def _usable(norms: Tensor) -> Tensor:
    return (norms.isfinite() & (norms > 0)).all()


def _gradient_norm(loss: Tensor, features: Sequence[Tensor]) -> Tensor:
    """Return the norm of the gradient of a loss on the features of all processes, a float32 scalar."""
    wanted = [feature for feature in features if feature.requires_grad]
    if not wanted:
        raise ConfigError(
            'GradientShare measures gradients on the features of the backbone, but none of them requires a gradient; '
            'set the weight of the consistency loss to a number, or train the backbone'
        )
    kind = loss.device.type
    half = torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) == torch.float16
    scale = HALF_SCALE if half else 1.0
    squares = loss.new_zeros((), dtype=torch.float32)
    if loss.requires_grad:
        with torch.autocast(kind, enabled=False):  # a backward pass has the precision of its forward pass
            found = torch.autograd.grad(
                loss, wanted, torch.full_like(loss, scale), retain_graph=True, allow_unused=True
            )
        for gradient in found:
            if gradient is not None:
                squares = squares + torch.linalg.vector_norm(gradient, dtype=torch.float32).square()
    all_reduce(squares)
    # each process has the gradient of its own images; DDP divides it by the number of processes
    return squares.sqrt() / (scale * get_world_size())
