"""An optimizer wrapper that skips steps with non-finite gradients, without a device sync where possible."""

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from mmmtl.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class FiniteOptimWrapper(OptimWrapper):
    """MMEngine's wrapper, which skips a step if the norm of the gradients is not finite.

    A skipped step changes neither the weights nor the state of the optimizer. A fused optimizer (``fused=True``) skips
    on the device; others need the norm on the host, which on a GPU costs a synchronization per step.
    """

    grad_norm: Tensor | None = None
    """Norm of the gradients of the last step before clipping, on the device; None before the first step."""

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
        options = dict(self.clip_grad_kwargs or {})
        if self.clip_grad_kwargs and self.clip_func is not torch.nn.utils.clip_grad_norm_:
            torch.nn.utils.clip_grad_value_(parameters, **options)
            options = {}
        norm = get_total_norm([p.grad for p in parameters], options.get('norm_type', 2.0))
        if isinstance(norm, DTensor):  # of a sharded model: that of all shards
            norm = norm.full_tensor()
        if 'max_norm' in options:
            clip_grads_with_norm_(parameters, options['max_norm'], norm)
        self.grad_norm = norm
        return norm
