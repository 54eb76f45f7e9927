"""An optimizer wrapper that skips steps with non-finite gradients, without a device sync where possible."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from mmmtl.errors import ConfigError
from mmmtl.registry import OPTIM_WRAPPERS

# type of clip_grad -> its options, of which the first one is required
CLIPPING = {'norm': ('max_norm', 'norm_type'), 'value': ('clip_value',)}


@OPTIM_WRAPPERS.register_module()
class FiniteOptimWrapper(OptimWrapper):
    """MMEngine's wrapper, which skips a step if the norm of the gradients is not finite.

    A skipped step changes neither the weights nor the state of the optimizer. A fused optimizer (``fused=True``) skips
    on the device; others need the norm on the host, which on a GPU costs a synchronization per step.

    Args:
        optimizer: The optimizer.
        accumulative_counts: Iterations per optimizer step.
        clip_grad: ``dict(max_norm=..., norm_type=2.0)``, or ``dict(type='value', clip_value=...)``; None for no
            clipping.

    Raises:
        ConfigError: ``clip_grad`` has an unknown option, or lacks the one that it needs.
    """

    grad_norm: Tensor | None = None
    """Norm of the gradients of the last step before clipping, on the device; None before the first step."""

    def __init__(self, optimizer: Optimizer, accumulative_counts: int = 1, clip_grad: dict | None = None) -> None:
        if clip_grad is not None:
            _check_clipping(clip_grad)
        super().__init__(optimizer, accumulative_counts, None if clip_grad is None else dict(clip_grad))

    def initialize_count_status(self, model: nn.Module, init_counts: int, max_counts: int) -> None:
        """Suppress MMEngine's warning about lost gradients if a resumed run has restored them."""
        restored = any(p.grad is not None for group in self.optimizer.param_groups for p in group['params'])
        super().initialize_count_status(model, 0 if restored else init_counts, max_counts)
        self._inner_count = init_counts

    def step(self, **kwargs) -> None:
        """Clip the gradients, and step if all of them are finite."""
        with torch.no_grad():
            norm = self._measure_and_clip()
        if self.optimizer.defaults.get('fused'):
            self.optimizer.grad_scale = None
            self.optimizer.found_inf = (~norm.isfinite()).float()
            self.optimizer.step(**kwargs)
        elif norm.isfinite():
            self.optimizer.step(**kwargs)

    def _measure_and_clip(self) -> Tensor:
        parameters = [p for group in self.optimizer.param_groups for p in group['params'] if p.grad is not None]
        options = self.clip_grad_kwargs or {}
        norm = get_total_norm([p.grad for p in parameters], options.get('norm_type', 2.0))
        if isinstance(norm, DTensor):  # of a sharded model: that of all shards
            norm = norm.full_tensor()
        if 'max_norm' in options:
            clip_grads_with_norm_(parameters, options['max_norm'], norm)
        elif 'clip_value' in options:  # after the norm is measured, as it makes infinite gradients finite
            torch.nn.utils.clip_grad_value_(parameters, options['clip_value'])
        self.grad_norm = norm
        return norm


def _check_clipping(clip_grad: Mapping[str, Any]) -> None:
    kind = clip_grad.get('type', 'norm')
    if kind not in CLIPPING:
        raise ConfigError(f'optim_wrapper.clip_grad.type: expected one of {", ".join(CLIPPING)}, found {kind!r}')
    if unknown := sorted(set(clip_grad) - {'type', *CLIPPING[kind]}):
        raise ConfigError(
            f'optim_wrapper.clip_grad has no option {", ".join(unknown)}; with type={kind!r} it takes '
            f'{", ".join(CLIPPING[kind])}'
        )
    if (required := CLIPPING[kind][0]) not in clip_grad:
        raise ConfigError(f'optim_wrapper.clip_grad needs {required}; without it, gradients would not be clipped')
