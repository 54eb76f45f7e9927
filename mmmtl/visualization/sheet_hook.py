"""Sheets of what a model predicts while it is tested."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch.nn import Module

from mmmtl.registry import HOOKS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.visualization.sheet import as_map, as_picture, draw_sheet, write_sheets


@HOOKS.register_module()
class SheetHook(Hook):
    """Writes ``folder/SCENE-VIEW.png`` for test images: truth above prediction, and what else the network can show.

    Args:
        folder: Where the sheets go.
        every: One image in so many.
        most: At most so many sheets per process, all if None.
    """

    def __init__(self, folder: str, every: int = 1, most: int | None = None) -> None:
        self.folder, self.every, self.most = Path(folder), every, most
        self.seen = self.written = 0

    def before_test_epoch(self, runner) -> None:
        self.seen = self.written = 0
        network(runner).explains = True

    def after_test_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        network(runner).explains = False

    def after_test_iter(self, runner, batch_idx: int, data_batch: dict | None = None,
                        outputs: Sequence[MultiTaskDataSample] | None = None) -> None:
        drawers = network(runner).drawers
        for image, sample in zip(data_batch['inputs'], outputs, strict=True):
            if self.seen % self.every == 0 and (self.most is None or self.written < self.most):
                rows = {'truth': dict(sample.gt.items()), 'prediction': dict(sample.pred.items())}
                shown = {name: drawer for name, drawer in drawers.items() if name in rows['prediction']}
                extra = dict(sample.extra.items()) if 'extra' in sample else {}
                further = {name: drawer.draw(as_map(extra[name])) for name, drawer in drawers.items() if name in extra}
                sheet = draw_sheet(as_picture(image, sample), shown, rows, further)
                write_sheets(self.folder / f'{sample.scene.replace("/", "-")}-{sample.view}.png', [sheet])
                self.written += 1
            self.seen += 1


def network(runner) -> Module:
    """The runner's model without what wraps it."""
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
