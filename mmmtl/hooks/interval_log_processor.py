"""A log processor that averages over the steps since the previous log line."""

import math

import numpy as np
from mmengine.hooks import LoggerHook
from mmengine.runner import LogProcessor

from mmmtl.registry import LOG_PROCESSORS

ALL_BUT_RATES = r'^(?!(train/)?(lr|base_lr|.*\.lr)$)'  # a loss may be called depth_lr, for left and right


@LOG_PROCESSORS.register_module()
class IntervalLogProcessor(LogProcessor):
    """Log means over the steps of an interval; learning rates are the latest.

    The interval of a line consists of the steps in this epoch (or run, in a loop of iterations) since the last multiple
    of the `LoggerHook`'s ``interval``. Steps are weighted by their counts in the message hub (`TrainingLogHook`): a
    task loss is the mean over the steps with a label of the task, and absent from the line if there are none.
    Checkpoints contain the histories, so the first line after a resume is correct, too.

    MMEngine's processor averages the last 10 steps of names that contain ``loss``, ``time`` or ``grad_norm`` and takes
    the latest value of all others. It also averages scores with such names over validations; here a validation line has
    the scores of one validation.

    Args:
        window_size: Number of steps to average over, instead of the interval.
        **kwargs: Arguments of MMEngine's `LogProcessor`.
    """

    def __init__(self, window_size: int | None = None, **kwargs) -> None:
        super().__init__(**{'mean_pattern': ALL_BUT_RATES, **kwargs})
        self.window = window_size

    def get_log_after_iter(self, runner, batch_idx: int, mode: str) -> tuple[dict, str]:
        self.window_size = self.window or batch_idx % log_interval(runner) + 1
        return super().get_log_after_iter(runner, batch_idx, mode)

    def get_log_after_epoch(self, runner, batch_idx: int, mode: str, with_non_scalar: bool = False) -> tuple[dict, str]:
        self.window_size = 1  # for scores; MMEngine averages times over the whole validation
        return super().get_log_after_epoch(runner, batch_idx, mode, with_non_scalar)

    def _collect_scalars(self, custom_cfg: list[dict], runner, mode: str, reserve_prefix: bool = False) -> dict:
        with np.errstate(invalid='ignore'):  # 0 / 0 if no step of the interval counts
            scalars = super()._collect_scalars(custom_cfg, runner, mode, reserve_prefix)
        if mode != 'train':
            return scalars  # a NaN score is a result
        return {name: value for name, value in scalars.items() if not math.isnan(value)}


def log_interval(runner) -> int:
    """Return the interval of the run's `LoggerHook`; 1 if it has none."""
    return next((hook.interval for hook in runner.hooks if isinstance(hook, LoggerHook)), 1)
