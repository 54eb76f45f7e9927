"""The training log, kept on the device until it is due, and the watch over what is not finite."""

import math

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from torch import Tensor

from mmmtl.errors import DivergenceError
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class TrainingLogHook(RuntimeInfoHook):
    """Writes iteration, learning rate, losses and gradient norm to the message hub, for the logger to print.

    MMEngine's hook fetches every loss in every iteration, and so waits for the GPU each time; this one fetches those of
    all iterations since the last time at once, when the `LoggerHook` is about to print. Losses are means over the
    processes.

    An iteration with a loss or gradient that is not finite (its step is skipped by `FiniteOptimWrapper`) is counted and
    reported with the tasks and the images.

    Args:
        max_not_finite: The run stops after so many of them in a row.

    Raises:
        DivergenceError: They were that many.
    """

    def __init__(self, max_not_finite: int = 10) -> None:
        self.max_not_finite = max_not_finite
        self.interval = 1
        self.pending: list[Tensor] = []
        self.images: list[list[str]] = []
        self.in_a_row = self.skipped = 0

    def before_train(self, runner) -> None:
        super().before_train(runner)
        self.interval = next((hook.interval for hook in runner.hooks if isinstance(hook, LoggerHook)), self.interval)

    def after_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None) -> None:
        values = dict(outputs)
        if getattr(runner.optim_wrapper, 'grad_norm', None) is not None:
            values['grad_norm'] = runner.optim_wrapper.grad_norm
        self.pending.append(torch.stack(list(values.values())).float())
        self.images.append([sample.img_path for sample in data_batch['data_samples']])
        last = self.end_of_epoch(runner.train_dataloader, batch_idx) or self.is_last_train_iter(runner)
        if last or len(self.pending) >= self.interval or self.every_n_inner_iters(batch_idx, self.interval):
            self.fetch(runner, list(values))

    def fetch(self, runner, names: list[str]) -> None:
        """Bring the pending values to the host, log them, and look whether they are finite."""
        values = torch.stack(self.pending)  # (iterations, values)
        all_reduce(values, op='mean')
        images, self.pending, self.images = self.images, [], []
        for row, paths in zip(values.tolist(), images, strict=True):
            wrong = []
            for name, value in zip(names, row, strict=True):
                if math.isfinite(value):
                    runner.message_hub.update_scalar(f'train/{name}', value)
                else:
                    wrong.append(name)
            self.in_a_row = self.in_a_row + 1 if wrong else 0
            if wrong:
                self.report(runner, wrong, paths)

    def report(self, runner, wrong: list[str], images: list[str]) -> None:
        """Count a skipped step, name what was wrong, stop if it has been so for too long."""
        self.skipped += 1
        tasks = [name for name in wrong if name not in ('loss', 'grad_norm')]
        what = f'the loss of {", ".join(tasks)}' if tasks else 'the total loss' if 'loss' in wrong else 'the gradient'
        message = f'{what} is not finite on {", ".join(images)}'
        if self.in_a_row >= self.max_not_finite:
            raise DivergenceError(f'{message}; {self.in_a_row} steps in a row: lower the learning rate, clip gradients, or '
                                  'look at these images')
        runner.logger.warning(f'{message}: step skipped ({self.skipped} so far)')

    def after_train(self, runner) -> None:
        super().after_train(runner)
        if self.skipped:
            runner.logger.warning(f'{self.skipped} steps were skipped because a loss or gradient was not finite')

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        checkpoint['meta'] |= {'skipped_steps': self.skipped, 'not_finite_in_a_row': self.in_a_row}

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        meta = checkpoint.get('meta', {})
        self.skipped, self.in_a_row = meta.get('skipped_steps', 0), meta.get('not_finite_in_a_row', 0)
