"""The gradient of every task's loss on a named set of shared parameters."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmmtl.errors import ConfigError


class TaskGradients(nn.Module):
    """T losses -> (T, P) gradients on P shared numbers, averaged over the processes.

    One backward pass through heads and shared part per task, beside the one of the step itself, and T * P floats of
    memory. ``.grad`` of the parameters is not touched and DDP does not see these passes, so accumulation goes on
    undisturbed. A loss scale of the optimiser comes only after the weighting, so these gradients are unscaled; under
    fp16, where small ones would vanish on the way, the passes have a scale of their own, taken out again here: it
    halves after an overflow (that step is skipped) and grows slowly otherwise. The full gradient is averaged before it
    is used: the gradients of two processes may each agree where those of the whole batch conflict.

    Args:
        shared: Beginnings of parameter names, up to a dot: ``'backbone'``, ``'neck.levels'``.
    """

    def __init__(self, shared: Sequence[str] = ('backbone',)) -> None:
        super().__init__()
        self.shared = (shared,) if isinstance(shared, str) else tuple(shared)
        self.register_buffer('half_scale', torch.tensor(2.0 ** 12))

    def choose(self, parameters: Mapping[str, nn.Parameter]) -> list[nn.Parameter]:
        """The shared ones that are learnt.

        Raises:
            ConfigError: One of the beginnings matches no parameter that is learnt.
        """
        learnt = {name: value for name, value in parameters.items() if value.requires_grad}
        begins = {begin: [name for name in learnt if f'{name}.'.startswith(f'{begin}.')] for begin in self.shared}
        for begin, names in begins.items():
            if not names:
                tops = ', '.join(dict.fromkeys(name.split('.')[0] for name in learnt))
                raise ConfigError(f'loss_weighting.shared: no parameter that is learnt is named {begin!r} or '
                                  f"'{begin}.…'; names begin with {tops}")
        if not begins:
            raise ConfigError("loss_weighting.shared is empty; name the shared part, e.g. ('backbone',)")
        return [learnt[name] for name in dict.fromkeys(name for names in begins.values() for name in names)]

    def forward(self, losses: Tensor, shared: Sequence[nn.Parameter]) -> Tensor:
        """Losses (T,) -> (T, P) float32; a parameter that a task does not use has gradient 0."""
        device = losses.device.type
        half = torch.is_autocast_enabled(device) and torch.get_autocast_dtype(device) == torch.float16
        scale = self.half_scale.clone() if half else torch.ones_like(self.half_scale)
        rows = []
        for loss in losses.unbind():
            gradients = torch.autograd.grad(loss, shared, scale.to(loss.dtype), retain_graph=True, allow_unused=True,
                                            materialize_grads=True)
            rows.append(torch.cat([gradient.detach().flatten().float() for gradient in gradients]))
        rows = torch.stack(rows) / scale
        all_reduce(rows, op='mean')
        if half:
            grown = (scale * 2 ** (1 / 2000)).clamp(max=2.0 ** 16)
            self.half_scale.copy_(torch.where(rows.isfinite().all(), grown, (scale / 2).clamp(min=1)))
        return rows
