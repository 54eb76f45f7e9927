"""Nash-MTL: the Nash bargaining solution of the tasks."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmmtl.models.loss_weighting.gramian_weighting import GramianWeighting
from mmmtl.registry import MODELS


@MODELS.register_module()
class NashMTL(GramianWeighting):
    """Weights w > 0 with G w = 1 / w, G the Gramian; the combined gradient is then clipped to ``max_norm``.

    Navon et al., "Multi-task learning as a bargaining game", ICML 2022, claim 3.1. The paper solves a sequence of
    convex approximations (by ECOS, which is under the GPL); we solve the equation, which is the minimum of the convex
    w^T G w / 2 - sum log w, with Newton steps to machine precision. As in the paper, G is first divided by its
    Frobenius norm. A ridge of 1e-8 keeps the weights finite where gradients cancel. The step does not depend on the
    scales of the losses.

    Args:
        tasks: Task names, in the order of the losses; passed by the model.
        shared: Prefixes of the names of the shared parameters, such as ``'backbone'``.
        max_norm: Largest norm of the combined gradient; 0 for no clipping.
        weight_heads: Whether the weights apply to the heads too, see `GramianWeighting`.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        shared: Sequence[str] = ('backbone',),
        *,
        max_norm: float = 1.0,
        weight_heads: bool = False,
    ) -> None:
        super().__init__(tasks, shared, weight_heads=weight_heads)
        self.max_norm = max_norm

    def solve(self, gramian: Tensor, losses: Tensor, indices: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return nash_mtl_weights(gramian, self.max_norm), state


def nash_mtl_weights(gramian: Tensor, max_norm: float = 1.0) -> Tensor:
    """Compute the weights of `NashMTL`, (n,), from a Gramian (n, n)."""
    weights = nash_bargaining(gramian) * gramian.norm().sqrt()
    length = (weights @ gramian @ weights).clamp(min=0).sqrt()
    return weights * (max_norm / length).clamp(max=1) if max_norm > 0 else weights


def nash_bargaining(gramian: Tensor) -> Tensor:
    """Solve G w = 1 / w for w > 0, (n,), by damped Newton steps on gradients of norm 1, for which w = O(1)."""
    sizes = gramian.diagonal().sqrt()
    unit = gramian / torch.outer(sizes, sizes) + 1e-8 * torch.eye(len(gramian), dtype=gramian.dtype)
    w = torch.ones_like(sizes)
    for _ in range(200):
        slope = unit @ w - 1 / w
        step = torch.linalg.solve(unit + torch.diag(w**-2), slope)
        decrement = (slope @ step).clamp(min=0).sqrt()  # Newton's, of a self-concordant function
        w = w - step / (1 + decrement if decrement > 0.25 else 1)
        if decrement < 1e-12:
            break
    return w / sizes
