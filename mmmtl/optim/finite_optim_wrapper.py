"""A step that is not taken when a gradient is not finite, decided without waiting for the device where possible."""

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from mmmtl.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class FiniteOptimWrapper(OptimWrapper):
    """MMEngine's wrapper that also guards the weights.

    ``grad_norm`` (before clipping) stays on the device for the log; a norm that is not finite means that the step is
    skipped: weights and the optimiser's state stay as they are. With ``fused=True`` the optimiser itself decides on the
    device. Other optimisers need the answer on the host, which on a GPU costs one wait per step: choose fused ones
    there.
    """

    grad_norm: Tensor | None = None

    def initialize_count_status(self, model: nn.Module, init_counts: int, max_counts: int) -> None:
        """Without MMEngine's warning that gradients are lost, where a resumed run has brought them with it."""
        brought = any(p.grad is not None for group in self.optimizer.param_groups for p in group['params'])
        super().initialize_count_status(model, 0 if brought else init_counts, max_counts)
        self._inner_count = init_counts

    def step(self, **kwargs) -> None:
        """Clip, and step if all gradients are finite."""
        with torch.no_grad():
            self._measure_and_clip()
        if self.optimizer.defaults.get('fused'):
            self.optimizer.grad_scale = None
            self.optimizer.found_inf = (~self.grad_norm.isfinite()).float()
            self.optimizer.step(**kwargs)
        elif self.grad_norm.isfinite():
            self.optimizer.step(**kwargs)

    def _measure_and_clip(self) -> None:
        parameters = [p for group in self.optimizer.param_groups for p in group['params'] if p.grad is not None]
        options = dict(self.clip_grad_kwargs or {})
        if self.clip_grad_kwargs and self.clip_func is not torch.nn.utils.clip_grad_norm_:
            torch.nn.utils.clip_grad_value_(parameters, **options)
            options = {}
        self.grad_norm = get_total_norm([p.grad for p in parameters], options.get('norm_type', 2.0))
        if 'max_norm' in options:
            clip_grads_with_norm_(parameters, options['max_norm'], self.grad_norm)
