"""Show the progress of training and testing in a terminal."""

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from tqdm import tqdm

from mmmtl.progress import ProgressLines, progress
from mmmtl.registry import HOOKS


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """Shows one bar over all training iterations and one per test, on the main process.

    Where standard error is not a terminal, it writes a plain line every so often; see `mmmtl.progress.progress`.
    """

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.bar: tqdm | ProgressLines | None = None

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
            self.bar = progress(description=name, unit='batch', total=total, initial=done)

    def _advance(self) -> None:
        if self.bar is not None:
            self.bar.update()

    def _stop(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None
