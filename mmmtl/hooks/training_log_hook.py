"""The loss log, kept on the device until it is due."""

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from torch import Tensor

from mmmtl.errors import DivergenceError
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class TrainingLogHook(RuntimeInfoHook):
    """Writes iteration, learning rate and losses to the message hub, for the logger to print.

    MMEngine's hook fetches every loss in every iteration, and so waits for the GPU each time; this one fetches those of
    all iterations since the last time at once, when the `LoggerHook` is about to print. The losses are means over the
    processes, and a loss that is not finite is reported with the task and the images.

    Args:
        max_not_finite: The run stops after so many iterations in a row whose total loss is not finite.
    """

    def __init__(self, max_not_finite: int = 10) -> None:
        self.max_not_finite = max_not_finite
        self.interval = 1
        self.pending: list[Tensor] = []
        self.images: list[list[str]] = []
        self.not_finite = 0

    def before_train(self, runner) -> None:
        super().before_train(runner)
        self.interval = next((hook.interval for hook in runner.hooks if isinstance(hook, LoggerHook)), self.interval)

    def after_train_iter(self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None) -> None:
        self.pending.append(torch.stack(list(outputs.values())))
        self.images.append([sample.img_path for sample in data_batch['data_samples']])
        last = self.end_of_epoch(runner.train_dataloader, batch_idx) or self.is_last_train_iter(runner)
        if self.every_n_inner_iters(batch_idx, self.interval) or last:
            self.fetch(runner, list(outputs))

    def fetch(self, runner, names: list[str]) -> None:
        """Bring the pending losses to the host, log them, and look whether they are finite."""
        values = torch.stack(self.pending).float()  # (iterations, losses)
        all_reduce(values, op='mean')
        images, self.pending, self.images = self.images, [], []
        for losses, paths in zip(values.tolist(), images, strict=True):
            finite = {name: abs(loss) < float('inf') for name, loss in zip(names, losses, strict=True)}
            for name, loss in zip(names, losses, strict=True):
                if finite[name]:
                    runner.message_hub.update_scalar(f'train/{name}', loss)
            self.not_finite = 0 if all(finite.values()) else self.not_finite + 1
            if self.not_finite:
                tasks = ', '.join(name for name in names if not finite[name] and name != 'loss') or 'the total'
                message = f'loss of {tasks} is not finite on {", ".join(paths)}'
                runner.logger.warning(message)
                if self.not_finite >= self.max_not_finite:
                    raise DivergenceError(f'{message}; {self.not_finite} iterations in a row: lower the learning rate, clip '
                                          'gradients, or look at these images')
