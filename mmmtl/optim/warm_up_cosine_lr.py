"""A learning rate schedule that adapts to the length of training."""

import math

from mmengine.optim import BaseOptimWrapper
from mmengine.optim.scheduler.param_scheduler import _ParamScheduler
from torch.optim import Optimizer

from mmmtl.errors import ConfigError
from mmmtl.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class WarmUpCosineLR(_ParamScheduler):
    """Increase the learning rate linearly, then decay it by half a cosine until ``end``.

    The warm-up is a fraction of the schedule, and the runner sets ``end`` to the last iteration or epoch of the
    training, so a change of ``train_cfg`` changes the whole schedule. Use it alone: it sets the learning rate instead
    of multiplying it.

    Args:
        optimizer: Optimizer or wrapper; passed by the runner.
        end: Iteration or epoch at which the schedule ends; if omitted in a config, the end of training.
        begin: Iteration or epoch at which the schedule begins.
        warm_up: Fraction of the schedule that the warm-up takes, in [0, 1).
        start_factor: Factor on the learning rate at ``begin``, in [0, 1].
        end_factor: Factor that the cosine approaches at ``end``, in [0, 1].
        by_epoch: Whether to count epochs instead of iterations.
        last_step: Step to continue from; passed by MMEngine.

    Raises:
        ConfigError: A fraction or factor is out of range.
    """

    def __init__(
        self,
        optimizer: Optimizer | BaseOptimWrapper,
        end: int,
        begin: int = 0,
        *,
        warm_up: float = 0.1,
        start_factor: float = 0.1,
        end_factor: float = 0.01,
        by_epoch: bool = True,
        last_step: int = -1,
    ) -> None:
        for name, value in (('start_factor', start_factor), ('end_factor', end_factor)):
            if not 0 <= value <= 1:
                raise ConfigError(f'param_scheduler: WarmUpCosineLR.{name} must be in [0, 1], found {value}')
        if not 0 <= warm_up < 1:
            raise ConfigError(f'param_scheduler: WarmUpCosineLR.warm_up must be in [0, 1), found {warm_up}')
        self.length = end - begin
        self.warm_up_length = math.floor(warm_up * self.length + 0.5)
        self.start_factor, self.end_factor = start_factor, end_factor
        super().__init__(optimizer, 'lr', begin, end, last_step, by_epoch)

    def factor(self, step: int) -> float:
        """Return the factor on the learning rate, ``step`` steps after the beginning."""
        if step < self.warm_up_length:
            return self.start_factor + (1 - self.start_factor) * step / self.warm_up_length
        progress = (step - self.warm_up_length) / max(1, self.length - self.warm_up_length)
        return self.end_factor + (1 - self.end_factor) * (1 + math.cos(math.pi * progress)) / 2

    def _get_value(self) -> list[float]:
        return [self.factor(self.last_step) * value for value in self.base_values]
