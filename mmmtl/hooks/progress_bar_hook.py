"""A progress bar for runs that somebody is watching."""

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from tqdm import tqdm

from mmmtl.registry import HOOKS


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """One bar over all training iterations and one per evaluation, on the first process only."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.bar: tqdm | None = None

    def before_train(self, runner) -> None:
        self._start('train', runner.max_iters, runner.iter)

    def before_test_epoch(self, runner) -> None:
        self._start('test', len(runner.test_dataloader), 0)

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        self._advance()

    def after_test_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: list | None = None
    ) -> None:
        self._advance()

    def after_train(self, runner) -> None:
        self._stop()

    def after_test_epoch(self, runner, metrics: dict | None = None) -> None:
        self._stop()

    def _start(self, name: str, total: int, done: int) -> None:
        if is_main_process():
            self.bar = tqdm(total=total, initial=done, desc=name, unit='batch', mininterval=1.0, dynamic_ncols=True)

    def _advance(self) -> None:
        if self.bar is not None:
            self.bar.update()

    def _stop(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None
