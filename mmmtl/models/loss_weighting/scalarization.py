"""Weightings that look at the losses alone: a function of T numbers, and its slopes as the weights."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmmtl.models.loss_weighting.loss_weighting import LossWeighting


class Scalarization(LossWeighting):
    """total = f(losses of the whole batch); the weight of a task is df / d(its loss).

    Losses are means over all processes before f sees them, so that every process has the same weights and two of them
    equal one with the whole batch, even where f is not linear. Nothing waits for the device. All on T numbers is done
    in float64, in mixed precision too.

    The heads are weighted as the shared parameters are: the weight multiplies the task's loss.
    """

    takes_gradients = False

    def forward(
        self, losses: Sequence[Tensor], present: Tensor, parameters: Mapping[str, nn.Parameter] | None = None
    ) -> tuple[Tensor, Tensor]:
        """The network's parameters are not looked at."""
        losses = torch.stack(tuple(losses))
        whole = losses.detach().double()
        all_reduce(whole, op='mean')
        with torch.enable_grad(), torch.autocast(losses.device.type, enabled=False):
            value = self.scalarize(whole.requires_grad_(), present)
            (weights,) = torch.autograd.grad(value, whole, retain_graph=True)
        weights = weights.float()
        # the value is that of the whole batch; what flows back is this process's share of its slope
        return value.float() + (weights * (losses - losses.detach())).sum(), weights

    @abstractmethod
    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        """Losses (T,), float64, of the whole batch, and bool (T,) -> a scalar without the tasks that are not present.

        Parameters of the weighting's own must be connected to it even when nobody is present.
        """


def masked_softmax(logits: Tensor, present: Tensor) -> Tensor:
    """(T,) and bool (T,) -> softmax over the tasks that are present, 0 for the others; no gradient."""
    return torch.where(present, logits.detach().where(present, -torch.inf).softmax(0), 0)


def sound(losses: Tensor, present: Tensor) -> Tensor:
    """bool (T,): tasks from which a moving state may learn; none where a loss is not finite, that step is skipped."""
    return present & losses.detach().isfinite().all()
