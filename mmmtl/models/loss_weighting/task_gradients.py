"""The gradient of every task's loss, on a named set of shared parameters and on all others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from mmmtl.errors import ConfigError


@dataclass(frozen=True)
class GradientsByTask:
    """What T losses want of the parameters.

    Args:
        losses: (T,), with their graph.
        rows: (T, P), float32, the gradients on the P numbers of the shared parameters, averaged over the processes.
        shared: The shared parameters.
        others: Task number, parameter and gradient wherever a loss reaches a parameter that is not shared; of this
            process alone. None where they are not known.
    """

    losses: Tensor
    rows: Tensor
    shared: Sequence[nn.Parameter]
    others: Sequence[tuple[int, nn.Parameter, Tensor]] | None

    def descend(self, factors: Tensor, weights: Tensor | None = None) -> Tensor:
        """The sum of the losses times ``factors`` (T,), whose backward pass gives every parameter the sum of the tasks'
        gradients times these, but the shared ones that times ``weights`` (T,) where there are any.

        Where the gradients on the others are known, nothing flows back through the network any more.
        """
        total = (factors * self.losses).sum()
        if weights is not None:
            total = total + 0 * weights.sum()  # not finite if they are not
        if self.others is not None:
            gradients = [factors[task].to(gradient) * gradient for task, _, gradient in self.others]
            pieces = self._pieces((factors if weights is None else weights) @ self.rows)
            return total.detach() + _Pull.apply([*pieces, *gradients], *self.shared, *(p for _, p, _ in self.others))
        if weights is not None:
            total = total + _Pull.apply(self._pieces((weights - factors) @ self.rows), *self.shared)
        return total

    def _pieces(self, gradient: Tensor) -> list[Tensor]:
        """(P,) -> one for each shared parameter."""
        pieces = gradient.split([parameter.numel() for parameter in self.shared])
        return [piece.view_as(parameter).to(parameter) for parameter, piece in zip(self.shared, pieces, strict=True)]


class TaskGradients(nn.Module):
    """T losses -> their gradients on P shared numbers, averaged over the processes, and on what is not shared.

    One backward pass per task, through its own head and the shared part, and T * P floats of memory. Where the tasks
    have nothing in common but the shared part, these passes give the others' gradients too, and the step is put
    together of what they found, without a further pass (`GradientsByTask.descend`). Where they have, as when only the
    last layer of a backbone is named or a neck is not, they end at the shared part, and one pass through the whole
    network follows. Which it is, is found out in the first step.

    ``.grad`` of the parameters is not touched and DDP does not see these passes, so accumulation goes on undisturbed; a
    hook on a parameter that is not shared may see its gradient twice. A loss scale of the optimiser comes only after
    the weighting, so these gradients are unscaled; under fp16, where small ones would vanish on the way, the passes
    have a scale of their own, taken out again here: it halves after an overflow (that step is skipped) and grows slowly
    otherwise. The full gradient is averaged before it is used: the gradients of two processes may each agree where
    those of the whole batch conflict.

    Args:
        shared: Beginnings of parameter names, up to a dot: ``'backbone'``, ``'neck.levels'``.
    """

    def __init__(self, shared: Sequence[str] = ('backbone',)) -> None:
        super().__init__()
        self.shared = (shared,) if isinstance(shared, str) else tuple(shared)
        self.register_buffer('half_scale', torch.tensor(2.0**12))
        self.separate: bool | None = None  # whether no two tasks reach a parameter that is not shared; asked once

    def choose(self, parameters: Mapping[str, nn.Parameter]) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Of those that are learnt, the shared ones and the others.

        Raises:
            ConfigError: One of the beginnings matches no parameter that is learnt.
        """
        learnt = {name: value for name, value in parameters.items() if value.requires_grad}
        begins = {begin: [name for name in learnt if f'{name}.'.startswith(f'{begin}.')] for begin in self.shared}
        for begin, names in begins.items():
            if not names:
                tops = ', '.join(dict.fromkeys(name.split('.')[0] for name in learnt))
                raise ConfigError(
                    f'loss_weighting.shared: no parameter that is learnt is named {begin!r} or '
                    f"'{begin}.…'; names begin with {tops}"
                )
        if not begins:
            raise ConfigError("loss_weighting.shared is empty; name the shared part, e.g. ('backbone',)")
        shared = dict.fromkeys(name for names in begins.values() for name in names)
        return [learnt[name] for name in shared], [value for name, value in learnt.items() if name not in shared]

    def forward(
        self, losses: Sequence[Tensor], shared: Sequence[nn.Parameter], others: Sequence[nn.Parameter] | None = None
    ) -> GradientsByTask:
        """Of T scalars; a shared parameter that a task does not use has gradient 0. Others are optional."""
        kind = shared[0].device.type
        half = torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) == torch.float16
        scale = self.half_scale.clone() if half else torch.ones_like(self.half_scale)
        rows = scale.new_empty(len(losses), sum(parameter.numel() for parameter in shared))
        own: list[tuple[int, nn.Parameter, Tensor]] = []
        with torch.autocast(kind, enabled=False):  # a backward pass has the precision of its forward pass
            if others is not None and self.separate is None:
                self.separate = self._are_separate(losses, others)
            known = others is not None and self.separate
            wanted = others if known else ()
            for task, loss in enumerate(losses):
                found = torch.autograd.grad(
                    loss, [*shared, *wanted], scale.to(loss.dtype), retain_graph=True, allow_unused=True
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
                    for parameter, gradient in zip(wanted, found[len(shared) :], strict=True)
                    if gradient is not None
                ]
            rows /= scale
            all_reduce(rows, op='mean')
            if half:
                self._adapt(scale, [rows, *(gradient for _, _, gradient in own)])
        return GradientsByTask(torch.stack(tuple(losses)), rows, shared, own if known else None)

    @staticmethod
    def _are_separate(losses: Sequence[Tensor], others: Sequence[nn.Parameter]) -> bool:
        """Whether no two losses reach one of the parameters, on any process: all go the same way."""
        reached = [
            place
            for loss in losses
            for place, gradient in enumerate(
                torch.autograd.grad(loss, others, retain_graph=True, allow_unused=True) if others else ()
            )
            if gradient is not None
        ]
        separate = losses[0].new_tensor(len(set(reached)) == len(reached), dtype=torch.float32)
        all_reduce(separate, op='min')
        return bool(separate)

    def _adapt(self, scale: Tensor, gradients: Sequence[Tensor]) -> None:
        """Halve the scale of fp16 after an overflow on any process, else let it grow."""
        finite = torch.stack([values.isfinite().all() for values in gradients]).all().float()
        all_reduce(finite, op='min')
        grown = (scale * 2 ** (1 / 2000)).clamp(max=2.0**16)
        self.half_scale.copy_(torch.where(finite > 0, grown, (scale / 2).clamp(min=1)))


class _Pull(torch.autograd.Function):
    """A scalar of value 0, from which given gradients flow back into parameters."""

    @staticmethod
    def forward(ctx, gradients: Sequence[Tensor], *parameters: nn.Parameter) -> Tensor:
        ctx.gradients = gradients
        return parameters[0].new_zeros((), dtype=torch.float32)

    @staticmethod
    @once_differentiable
    def backward(ctx, factor: Tensor) -> tuple[Tensor | None, ...]:
        return None, *(gradient * factor.to(gradient) for gradient in ctx.gradients)
