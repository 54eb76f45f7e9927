"""The training log, kept on the device until it is due, and the check for non-finite losses."""

import math

import torch
from mmengine.dist import all_gather_object, all_reduce
from mmengine.hooks import RuntimeInfoHook
from torch import Tensor

from mmmtl.errors import DivergenceError
from mmmtl.hooks.interval_log_processor import log_interval
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class TrainingLogHook(RuntimeInfoHook):
    """Write iteration, learning rates, losses and gradient norm to the message hub, for the logger.

    MMEngine's hook fetches every loss in every iteration, which synchronizes the GPU; this one fetches the losses of
    all iterations since the last fetch at once, when the `LoggerHook` is about to print or a checkpoint is written.
    Losses are means over the processes.

    Every value has an entry per iteration in its history, with the count 1, or 0 if the iteration has no such value: a
    task loss without a label (``count/<name>`` of the model's outputs is 0 on all processes), a gradient norm between
    optimizer steps or without a loss, or a non-finite value. `IntervalLogProcessor` prints the means.

    An iteration with a non-finite loss or gradient, whose step `FiniteOptimWrapper` skips, is counted and logged with
    its tasks and images.

    Args:
        max_not_finite: Maximum number of consecutive iterations with a non-finite loss or gradient.

    Raises:
        DivergenceError: There were ``max_not_finite`` such iterations in a row.
    """

    def __init__(self, max_not_finite: int = 10) -> None:
        self.max_not_finite = max_not_finite
        self.interval = 1
        # per iteration: {name: (value, count)}, and the paths of the images
        self.pending: list[tuple[dict[str, tuple[Tensor, Tensor]], list[str]]] = []
        self.descended: Tensor | float = 0.0  # above 0 if there was a loss since the last optimizer step
        self.in_a_row = self.skipped = 0

    def before_train(self, runner) -> None:
        super().before_train(runner)
        self.interval = log_interval(runner)
        if runner.iter == 0:  # the counters of a loaded checkpoint do not apply
            self.skipped, self.in_a_row, self.descended = 0, 0, 0.0

    def before_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Log the learning rates of `NamedGroups`; MMEngine logs that of the first group only."""
        super().before_train_iter(runner, batch_idx, data_batch)
        for group in runner.optim_wrapper.param_groups[1:]:
            if 'name' in group:
                runner.message_hub.update_scalar(f'train/{group["name"]}.lr', group['lr'])

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        assert data_batch is not None and outputs is not None
        always = torch.ones_like(outputs['loss'])
        values = {
            name: (value, outputs.get(f'count/{name}', always))
            for name, value in outputs.items()
            if not name.startswith('count/')
        }
        if hasattr(runner.optim_wrapper, 'grad_norm'):
            values['grad_norm'] = self.gradient_norm(runner.optim_wrapper, *values['loss'])
        self.pending.append((values, [sample.img_path for sample in data_batch['data_samples']]))
        last = self.end_of_epoch(runner.train_dataloader, batch_idx) or self.is_last_train_iter(runner)
        if last or len(self.pending) >= self.interval or self.every_n_inner_iters(batch_idx, self.interval):
            self.fetch(runner)

    def gradient_norm(self, wrapper, loss: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradient norm of this iteration and its count, 0 without an optimizer step or without a loss."""
        self.descended = self.descended + count
        if not wrapper.should_update():
            return torch.zeros_like(loss), torch.zeros_like(count)
        descended, self.descended = self.descended, 0.0
        return wrapper.grad_norm, descended

    def fetch(self, runner) -> None:
        """Copy the pending values to the host, log them, and check that they are finite."""
        if not self.pending:
            return
        pending, self.pending = self.pending, []
        pairs = zip(*(pair for row, _ in pending for pair in row.values()), strict=True)
        fetched = torch.stack([torch.stack([value.float() for value in part]) for part in pairs])
        all_reduce(fetched, op='mean')
        rows = iter(fetched.T.tolist())
        for row, images in pending:
            wrong = []
            for name in row:
                value, count = next(rows)
                if not math.isfinite(value):
                    wrong.append(name)
                counts = math.isfinite(value) and count > 0
                runner.message_hub.update_scalar(f'train/{name}', value if counts else 0.0, int(counts))
            self.in_a_row = self.in_a_row + 1 if wrong else 0
            if wrong:
                self.report(runner, wrong, images)

    def report(self, runner, wrong: list[str], images: list[str]) -> None:
        """Count a skipped step and log its cause; raise DivergenceError if there were too many in a row."""
        self.skipped += 1
        other = ('weight/', 'gradient_share/')
        tasks = [name for name in wrong if name not in ('loss', 'grad_norm') and not name.startswith(other)]
        what = f'the loss of {", ".join(tasks)}' if tasks else 'the total loss' if 'loss' in wrong else 'the gradient'
        images = [image for part in all_gather_object(images) for image in part]
        message = f'{what} is not finite on {", ".join(images)}'
        if self.in_a_row >= self.max_not_finite:
            raise DivergenceError(
                f'{message}; {self.in_a_row} steps in a row: '
                'lower the learning rate, clip gradients, or check these images'
            )
        runner.logger.warning(f'{message}: step skipped ({self.skipped} so far)')

    def after_train(self, runner) -> None:
        super().after_train(runner)
        if self.skipped:
            runner.logger.warning(f'{self.skipped} steps were skipped because a loss or gradient was not finite')

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        self.fetch(runner)
        checkpoint['meta'] |= {
            'skipped_steps': self.skipped,
            'not_finite_in_a_row': self.in_a_row,
            'descended_since_step': float(self.descended),
        }

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        meta = checkpoint.get('meta', {})
        self.skipped, self.in_a_row = meta.get('skipped_steps', 0), meta.get('not_finite_in_a_row', 0)
        self.descended = meta.get('descended_since_step', 0.0)
