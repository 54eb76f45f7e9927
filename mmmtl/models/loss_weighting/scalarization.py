"""Base class of weightings by the losses alone: a function of T losses, whose derivatives are the weights."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmmtl.models.loss_weighting.loss_weighting import LossWeighting


class Scalarization(LossWeighting):
    """total = f(losses of the whole batch); the weight of a task is df / d(its loss).

    f takes the means of the losses over all processes, so that all processes have the same weights, and two processes
    with half the batch each give the same result as one with the whole batch even if f is not linear. There is no
    host-device synchronization. The T values are float64, in mixed precision too.

    The weight multiplies the task's loss, so it applies to heads and shared parameters alike.
    """

    takes_gradients = False

    def forward(
        self, losses: Sequence[Tensor], present: Tensor, parameters: Mapping[str, nn.Parameter] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the total and the weights (T,); ``parameters`` are not used."""
        stacked = torch.stack(tuple(losses))
        whole = stacked.detach().double()
        all_reduce(whole, op='mean')
        with torch.enable_grad(), torch.autocast(stacked.device.type, enabled=False):
            value = self.scalarize(whole.requires_grad_(), present)
            (weights,) = torch.autograd.grad(value, whole, retain_graph=True)
        weights = weights.float()
        # the value of the whole batch, with the gradient of this process's losses
        return value.float() + (weights * (stacked - stacked.detach())).sum(), weights

    @abstractmethod
    def scalarize(self, losses: Tensor, present: Tensor) -> Tensor:
        """Compute f.

        Args:
            losses: (T,), float64, of the whole batch.
            present: bool (T,).

        Returns:
            A scalar that ignores absent tasks, connected to the weighting's own parameters even if all tasks are
            absent.
        """


def masked_softmax(logits: Tensor, present: Tensor) -> Tensor:
    """Compute the softmax of logits (T,) over the present tasks, bool (T,); 0 for the others, without gradient."""
    return torch.where(present, logits.detach().where(present, -torch.inf).softmax(0), 0)


def finite_present(losses: Tensor, present: Tensor) -> Tensor:
    """Return ``present``, bool (T,), but all False if a loss is not finite, as that step is skipped."""
    return present & losses.detach().isfinite().all()
