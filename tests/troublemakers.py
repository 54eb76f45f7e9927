"""Parts that fail or interfere on purpose; configs load them by ``custom_imports.imports=troublemakers``."""

import io
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class KillHook(Hook):
    """kill -9 from an iteration on: before its step, after it, or half-way through writing the next checkpoint."""

    priority = 'LOWEST'

    def __init__(self, iteration: int, when: str) -> None:
        self.iteration, self.when = iteration, when

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.strike(runner, 'before')

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        self.strike(runner, 'after')

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        if runner.iter >= self.iteration and self.when == 'saving':
            whole_save = torch.save

            def half_save(content, file) -> None:
                buffer = io.BytesIO()
                whole_save(content, buffer)
                file.write(buffer.getvalue()[: len(buffer.getvalue()) // 2])
                file.flush()
                os.kill(os.getpid(), signal.SIGKILL)

            torch.save = half_save

    def strike(self, runner, now: str) -> None:
        if runner.iter >= self.iteration and self.when == now:
            os.kill(os.getpid(), signal.SIGKILL)


@HOOKS.register_module()
class SignalHook(Hook):
    """Sends a signal to this process and its children: before or after a training step, or in a validation.

    Args:
        iteration: Completed iterations, at the time of the signal.
        when: ``'before'``, ``'after'`` or ``'validating'``.
        number: The signal.
        rank: Of the process that gets it.
        restarts: How often torchrun has restarted the processes, at the time of the signal.
    """

    def __init__(
        self, iteration: int, when: str, number: int = signal.SIGTERM, rank: int = 0, restarts: int = 0
    ) -> None:
        self.iteration, self.when, self.number, self.rank = iteration, when, number, rank
        self.active = int(os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')) == restarts

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.send(runner, 'before')

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        self.send(runner, 'after')

    def before_val_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        self.send(runner, 'validating')

    def send(self, runner, now: str) -> None:
        if self.active and (runner.iter, now, runner.rank) == (self.iteration, self.when, self.rank):
            children = Path(f'/proc/self/task/{os.getpid()}/children').read_text().split()
            for process in (*map(int, children), os.getpid()):
                os.kill(process, self.number)


@HOOKS.register_module()
class NaNHook(Hook):
    """Makes one task's loss NaN at the given iterations, and with it the gradients of all that it reaches."""

    def __init__(self, iterations: Sequence[int], task: str) -> None:
        self.iterations, self.task = iterations, task

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        task = runner.model.tasks[self.task]
        vars(task).pop('error', None)
        if runner.iter in self.iterations:
            error = task.error

            def broken(*args) -> tuple[torch.Tensor, torch.Tensor]:
                total, count = error(*args)
                return total * torch.nan, count

            task.error = broken
