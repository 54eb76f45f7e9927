"""The training log, kept on the device until it is due, and the watch over what is not finite."""

import math

import torch
from mmengine.dist import all_gather_object, all_reduce
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from torch import Tensor

from mmmtl.errors import DivergenceError
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class TrainingLogHook(RuntimeInfoHook):
    """Writes iteration, learning rate, losses and gradient norm to the message hub, for the logger to print.

    MMEngine's hook fetches every loss in every iteration, and so waits for the GPU each time; this one fetches those of
    all iterations since the last time at once, when the `LoggerHook` is about to print or a checkpoint is written.
    Losses are means over the processes.

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
        self.pending: list[tuple[dict[str, Tensor], list[str]]] = []  # what an iteration gave, and its images
        self.in_a_row = self.skipped = 0

    def before_train(self, runner) -> None:
        super().before_train(runner)
        self.interval = next((hook.interval for hook in runner.hooks if isinstance(hook, LoggerHook)), self.interval)

    def after_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
                         ) -> None:
        values = dict(outputs)
        wrapper = runner.optim_wrapper
        if getattr(wrapper, 'grad_norm', None) is not None and wrapper.should_update():
            values['grad_norm'] = wrapper.grad_norm
        self.pending.append((values, [sample.img_path for sample in data_batch['data_samples']]))
        last = self.end_of_epoch(runner.train_dataloader, batch_idx) or self.is_last_train_iter(runner)
        if last or len(self.pending) >= self.interval or self.every_n_inner_iters(batch_idx, self.interval):
            self.fetch(runner)

    def fetch(self, runner) -> None:
        """Bring the pending values to the host, log them, and look whether they are finite."""
        if not self.pending:
            return
        pending, self.pending = self.pending, []
        values = torch.stack([value.float() for row, _ in pending for value in row.values()])
        all_reduce(values, op='mean')
        numbers = iter(values.tolist())
        for row, images in pending:
            wrong = []
            for name in row:
                value = next(numbers)
                if math.isfinite(value):
                    runner.message_hub.update_scalar(f'train/{name}', value)
                else:
                    wrong.append(name)
            self.in_a_row = self.in_a_row + 1 if wrong else 0
            if wrong:
                self.report(runner, wrong, images)

    def report(self, runner, wrong: list[str], images: list[str]) -> None:
        """Count a skipped step, name what was wrong, stop if it has been so for too long."""
        self.skipped += 1
        tasks = [name for name in wrong if name not in ('loss', 'grad_norm')]
        what = f'the loss of {", ".join(tasks)}' if tasks else 'the total loss' if 'loss' in wrong else 'the gradient'
        images = [image for part in all_gather_object(images) for image in part]
        message = f'{what} is not finite on {", ".join(images)}'
        if self.in_a_row >= self.max_not_finite:
            raise DivergenceError(f'{message}; {self.in_a_row} steps in a row: lower the learning rate, clip, '
                                  'or look at these images')
        runner.logger.warning(f'{message}: step skipped ({self.skipped} so far)')

    def after_train(self, runner) -> None:
        super().after_train(runner)
        if self.skipped:
            runner.logger.warning(f'{self.skipped} steps were skipped because a loss or gradient was not finite')

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        self.fetch(runner)
        checkpoint['meta'] |= {'skipped_steps': self.skipped, 'not_finite_in_a_row': self.in_a_row}

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        meta = checkpoint.get('meta', {})
        self.skipped, self.in_a_row = meta.get('skipped_steps', 0), meta.get('not_finite_in_a_row', 0)
