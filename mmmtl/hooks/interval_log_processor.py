"""Log lines whose numbers are means over the steps since the line before."""

import math

import numpy as np
from mmengine.hooks import LoggerHook
from mmengine.runner import LogProcessor

from mmmtl.registry import LOG_PROCESSORS

ALL_BUT_RATES = r'^(?!(train/)?(lr|base_lr|.*\.lr)$)'  # a loss may be called depth_lr, for left and right


@LOG_PROCESSORS.register_module()
class IntervalLogProcessor(LogProcessor):
    """A training line gives means over the steps of its interval, whatever their names; learning rates are the latest.

    The interval of a line is what its header names: the steps of this epoch (of the run, in a loop of iterations) after
    the last multiple of the `LoggerHook`'s ``interval``. A step counts for a number as often as its history in the
    message hub says (`TrainingLogHook`): a task loss is a mean over the steps that had a label of the task, and absent
    from the line where none had. The histories are part of a checkpoint, so the first line after a resume is right too.

    MMEngine's processor averages the last 10 steps of names that contain ``loss``, ``time`` or ``grad_norm`` and
    takes the latest value of all others, so that a task loss was that of one step. Scores with such names are
    averaged there over validations; here a validation line has those of this validation.

    Args:
        window_size: Steps to average over in place of the interval's.
        kwargs: Of MMEngine's `LogProcessor`.
    """

    def __init__(self, window_size: int | None = None, **kwargs) -> None:
        super().__init__(**{'mean_pattern': ALL_BUT_RATES, **kwargs})
        self.window = window_size

    def get_log_after_iter(self, runner, batch_idx: int, mode: str) -> tuple[dict, str]:
        self.window_size = self.window or batch_idx % log_interval(runner) + 1
        return super().get_log_after_iter(runner, batch_idx, mode)

    def get_log_after_epoch(self, runner, batch_idx: int, mode: str, with_non_scalar: bool = False) -> tuple[dict, str]:
        self.window_size = 1  # of scores; times are means over the whole validation, see MMEngine
        return super().get_log_after_epoch(runner, batch_idx, mode, with_non_scalar)

    def _collect_scalars(self, custom_cfg: list[dict], runner, mode: str, reserve_prefix: bool = False) -> dict:
        with np.errstate(invalid='ignore'):  # 0 / 0: no step of the interval counts
            scalars = super()._collect_scalars(custom_cfg, runner, mode, reserve_prefix)
        if mode != 'train':
            return scalars  # where a score is NaN, that is the result
        return {name: value for name, value in scalars.items() if not math.isnan(value)}


def log_interval(runner) -> int:
    """Of the run's `LoggerHook`; 1 without one."""
    return next((hook.interval for hook in runner.hooks if isinstance(hook, LoggerHook)), 1)
