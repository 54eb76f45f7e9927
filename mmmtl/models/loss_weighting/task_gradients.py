"""Per-task gradients on a named set of shared parameters and on all others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.distributed.tensor import DTensor

from mmmtl.errors import ConfigError


@dataclass(frozen=True)
class GradientsByTask:
    """The gradients of T losses.

    Args:
        losses: (T,), with their graph.
        rows: Gradients (T, P), float32, on the P values of the shared parameters, averaged over the processes.
        shared: The shared parameters.
        others: (task index, parameter, gradient) for every loss and every other parameter that it depends on, on this
            process. None if they were not computed.
    """

    losses: Tensor
    rows: Tensor
    shared: Sequence[nn.Parameter]
    others: Sequence[tuple[int, nn.Parameter, Tensor]] | None

    def descend(self, factors: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return a total whose backward pass combines the gradients.

        If the gradients on the other parameters are known, the backward pass does not run through the network again.

        Args:
            factors: (T,), factors of the losses in the total, and of their gradients on parameters that are not shared.
            weights: (T,), factors of the gradients on the shared parameters; None to use ``factors`` there, too.

        Returns:
            Scalar, the sum of the losses times ``factors``.
        """
        total = (factors * self.losses).sum()
        if weights is not None:
            total = total + 0 * weights.sum()  # makes the total NaN if a weight is
        if self.others is not None:
            gradients = [factors[task].to(gradient) * gradient for task, _, gradient in self.others]
            pieces = self._split((factors if weights is None else weights) @ self.rows)
            return total.detach() + _ZeroWithGradients.apply(
                [*pieces, *gradients], *self.shared, *(p for _, p, _ in self.others)
            )
        if weights is not None:
            total = total + _ZeroWithGradients.apply(self._split((weights - factors) @ self.rows), *self.shared)
        return total

    def _split(self, gradient: Tensor) -> list[Tensor]:
        """Split (P,) into the gradients of the shared parameters."""
        pieces = gradient.split([parameter.numel() for parameter in self.shared])
        return [piece.view_as(parameter).to(parameter) for parameter, piece in zip(self.shared, pieces, strict=True)]


class TaskGradients(nn.Module):
    """Computes the gradients of T losses on P shared values, averaged over the processes, and on other parameters.

    There is one backward pass per task, through its own head and the shared part, and T * P floats of memory. If the
    tasks share no other parameters, these passes yield the other gradients too, and the step needs no further pass
    (`GradientsByTask.descend`). Otherwise, for example if only the last layer of a backbone is named, or if a neck is
    not named, they end at the shared part, and one pass through the whole network follows. This is determined on the
    first step, by one extra backward pass per task; if tasks share further parameters later, their gradients are added.

    ``.grad`` of the parameters is not changed and DDP is not involved, so gradient accumulation works as usual. Tensor
    hooks also run in these passes: those of shared parameters once more per task; those of others once more if the
    tasks share none of them. The first step runs the latter once more for each task that uses the parameter. The
    optimizer's loss scale is applied after the weighting, so these gradients are unscaled. Under fp16, where small
    gradients would underflow, the passes have their own scale, which is divided out again: it halves after an overflow
    (that step is skipped) and grows slowly otherwise. It is the buffer ``half_scale``, and so part of checkpoints.
    Gradients are averaged over the processes before they are used, as those of each process may agree where those of
    the whole batch conflict.

    Args:
        shared: Leading components of parameter names, without a dot at the end: ``'backbone'``, ``'neck.levels'``.
    """

    half_scale: Tensor
    """The scale under fp16, a scalar."""

    def __init__(self, shared: Sequence[str] = ('backbone',)) -> None:
        super().__init__()
        self.shared = (shared,) if isinstance(shared, str) else tuple(shared)
        self.register_buffer('half_scale', torch.tensor(2.0**12))
        self.others_are_disjoint: bool | None = None  # whether the tasks share no other parameters; determined once

    def split_parameters(self, parameters: Mapping[str, nn.Parameter]) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Split the trainable parameters into shared ones and others.

        Raises:
            ConfigError: A prefix matches no trainable parameter, or a parameter is sharded.
        """
        trainable = {name: value for name, value in parameters.items() if value.requires_grad}
        if sharded := [name for name, value in trainable.items() if isinstance(value, DTensor)]:
            raise ConfigError(
                'model_wrapper_cfg: the gradients of single losses need whole parameters, but ShardedModel has '
                f'divided {len(sharded)} (first: {sharded[0]}); remove model_wrapper_cfg'
            )
        matches = {
            prefix: [name for name in trainable if f'{name}.'.startswith(f'{prefix}.')] for prefix in self.shared
        }
        for prefix, names in matches.items():
            if not names:
                tops = ', '.join(dict.fromkeys(name.split('.')[0] for name in trainable))
                raise ConfigError(
                    f'loss_weighting.shared: no trainable parameter is named {prefix!r} or '
                    f"'{prefix}.…'; names begin with {tops}"
                )
        if not matches:
            raise ConfigError("loss_weighting.shared is empty; name the shared part, e.g. ('backbone',)")
        shared = dict.fromkeys(name for names in matches.values() for name in names)
        return [trainable[name] for name in shared], [value for name, value in trainable.items() if name not in shared]

    def forward(
        self, losses: Sequence[Tensor], shared: Sequence[nn.Parameter], others: Sequence[nn.Parameter] | None = None
    ) -> GradientsByTask:
        """Compute the gradients of T losses; a shared parameter that a task does not use has gradient 0.

        Args:
            losses: T zero-dimensional tensors, with their graph.
            shared: The shared parameters.
            others: The other parameters; None to omit their gradients.

        Returns:
            The gradients. They have no ``others`` if the tasks share some of them, or if these are None here.
        """
        kind = shared[0].device.type
        is_fp16 = torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) == torch.float16
        scale = self.half_scale.clone() if is_fp16 else torch.ones_like(self.half_scale)
        rows = scale.new_empty(len(losses), sum(parameter.numel() for parameter in shared))
        own: list[tuple[int, nn.Parameter, Tensor]] = []
        with torch.autocast(kind, enabled=False):  # a backward pass has the precision of its forward pass
            if others is not None and self.others_are_disjoint is None:
                self.others_are_disjoint = self._are_disjoint(losses, others)
            wanted = others if others is not None and self.others_are_disjoint else None
            for task, loss in enumerate(losses):
                found = torch.autograd.grad(
                    loss, [*shared, *(wanted or ())], scale.to(loss.dtype), retain_graph=True, allow_unused=True
                )
                torch.cat(
                    [
                        (torch.zeros_like(parameter) if gradient is None else gradient).flatten().float()
                        for parameter, gradient in zip(shared, found[: len(shared)], strict=True)
                    ],
                    out=rows[task],
                )
                own += [
                    (task, parameter, gradient / scale.to(gradient))
                    for parameter, gradient in zip(wanted or (), found[len(shared) :], strict=True)
                    if gradient is not None
                ]
            rows /= scale
            all_reduce(rows, op='mean')
            if is_fp16:
                self._adapt(scale, [rows, *(gradient for _, _, gradient in own)])
        return GradientsByTask(torch.stack(tuple(losses)), rows, shared, None if wanted is None else own)

    @staticmethod
    def _are_disjoint(losses: Sequence[Tensor], others: Sequence[nn.Parameter]) -> bool:
        """Return whether no two losses depend on the same parameter; the same on all processes."""
        reached = [
            index
            for loss in losses
            for index, gradient in enumerate(
                torch.autograd.grad(loss, others, retain_graph=True, allow_unused=True) if others else ()
            )
            if gradient is not None
        ]
        disjoint = losses[0].new_tensor(len(set(reached)) == len(reached), dtype=torch.float32)
        all_reduce(disjoint, op='min')
        return bool(disjoint)

    def _adapt(self, scale: Tensor, gradients: Sequence[Tensor]) -> None:
        """Halve the scale of fp16 after an overflow on any process, otherwise increase it slowly."""
        finite = torch.stack([values.isfinite().all() for values in gradients]).all().float()
        all_reduce(finite, op='min')
        grown = (scale * 2 ** (1 / 2000)).clamp(max=2.0**16)
        self.half_scale.copy_(torch.where(finite > 0, grown, (scale / 2).clamp(min=1)))


class _ZeroWithGradients(torch.autograd.Function):
    """A scalar 0 whose backward pass gives the parameters the given gradients."""

    @staticmethod
    def forward(ctx, gradients: Sequence[Tensor], *parameters: nn.Parameter) -> Tensor:
        ctx.gradients = gradients
        return parameters[0].new_zeros((), dtype=torch.float32)

    @staticmethod
    @once_differentiable
    def backward(ctx, factor: Tensor) -> tuple[Tensor | None, ...]:
        return None, *(gradient * factor.to(gradient) for gradient in ctx.gradients)
