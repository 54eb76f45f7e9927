"""Mixed precision training: float16 with loss scaling on a GPU, bfloat16 on any device."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from mmmtl.errors import ConfigError
from mmmtl.optim.finite_optim_wrapper import FiniteOptimWrapper
from mmmtl.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class MixedPrecisionOptimWrapper(FiniteOptimWrapper):
    """An optimizer wrapper with autocast; unlike MMEngine's `AmpOptimWrapper` it supports bfloat16 on a CPU.

    Args:
        dtype: ``'float16'`` (needs a GPU) or ``'bfloat16'``. By default float16 on a GPU and bfloat16 on a CPU.
        **kwargs: Arguments of `FiniteOptimWrapper`, which are those of MMEngine's `OptimWrapper`.

    Raises:
        ConfigError: ``dtype`` is neither of the two, or float16 on a CPU.
    """

    def __init__(self, dtype: str | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        device = next(p for group in self.optimizer.param_groups for p in group['params']).device.type
        self.dtype = dtype or ('bfloat16' if device == 'cpu' else 'float16')
        if self.dtype not in ('float16', 'bfloat16'):
            raise ConfigError(f"optim_wrapper.dtype must be 'float16' or 'bfloat16', found {dtype!r}")
        if self.dtype == 'float16' and device == 'cpu':
            raise ConfigError("optim_wrapper.dtype='float16' needs a GPU; use 'bfloat16' on a CPU")
        self.autocast = torch.autocast(device, getattr(torch, self.dtype))
        self.scaler = torch.amp.GradScaler(device, enabled=self.dtype == 'float16')

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        with super().optim_context(model), self.autocast:
            yield

    def backward(self, loss: Tensor, **kwargs) -> None:
        self.scaler.scale(loss).backward(**kwargs)
        self._inner_count += 1

    def step(self, **kwargs) -> None:
        """Unscale and clip the gradients, and step if all of them are finite."""
        if not self.scaler.is_enabled():
            super().step(**kwargs)
            return
        self.scaler.unscale_(self.optimizer)
        with torch.no_grad():
            self._measure_and_clip()
        self.scaler.step(self.optimizer, **kwargs)
        self.scaler.update()

    def state_dict(self) -> dict:
        return {**super().state_dict(), 'loss_scaler': self.scaler.state_dict()}

    def load_state_dict(self, state_dict: dict) -> None:
        state_dict = dict(state_dict)
        self.scaler.load_state_dict(state_dict.pop('loss_scaler', {}) or self.scaler.state_dict())
        super().load_state_dict(state_dict)
