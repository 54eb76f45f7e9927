"""Sheets of what a model predicts while it is validated or tested."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch.nn import Module

from mmmtl.errors import ConfigError
from mmmtl.registry import HOOKS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.visualization.sheet import as_map, as_picture, draw_sheet, write_sheets


@HOOKS.register_module()
class VisualizationHook(Hook):
    """Draws a sheet per image: truth above prediction, and what else the network can show.

    Test images are written to ``folder/SCENE-VIEW.png``. With ``visualize`` the sheets of validation and test go to the
    runner's visualizer as ``val_SCENE-VIEW`` and ``test_SCENE-VIEW``, at the iteration of training: into TensorBoard,
    Weights & Biases or whatever backends the config's ``visualizer`` names.

    Args:
        folder: Where the sheets of a test go; nowhere if None.
        every: One image in so many.
        most: At most so many sheets per process and pass, all if None.
        visualize: Hand the sheets to the visualizer.

    Raises:
        ConfigError: They would go nowhere.
    """

    def __init__(
        self, folder: str | None = None, every: int = 1, most: int | None = None, visualize: bool = False
    ) -> None:
        if folder is None and not visualize:
            raise ConfigError('VisualizationHook: set folder, where sheets are written, or visualize=True')
        self.folder, self.every, self.most = None if folder is None else Path(folder), every, most
        self.visualize = visualize
        self.seen = self.written = 0

    def before_test_epoch(self, runner) -> None:
        self.begin(runner)

    def after_test_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        network(runner).return_aux = False

    def before_val_epoch(self, runner) -> None:
        if self.visualize:
            self.begin(runner)

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        network(runner).return_aux = False

    def begin(self, runner) -> None:
        """A pass over the images begins."""
        self.seen = self.written = 0
        network(runner).return_aux = True

    def after_test_iter(
        self,
        runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[MultiTaskDataSample] | None = None,
    ) -> None:
        for name, sheet in self.sheets(runner, data_batch, outputs):
            if self.folder is not None:
                write_sheets(self.folder / f'{name}.png', [sheet])
            if self.visualize:
                runner.visualizer.add_image(f'test_{name}', sheet, step=runner.iter)

    def after_val_iter(
        self,
        runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[MultiTaskDataSample] | None = None,
    ) -> None:
        if self.visualize:
            for name, sheet in self.sheets(runner, data_batch, outputs):
                runner.visualizer.add_image(f'val_{name}', sheet, step=runner.iter)

    def sheets(
        self, runner, data_batch: dict, outputs: Sequence[MultiTaskDataSample]
    ) -> Iterator[tuple[str, np.ndarray]]:
        """Names and uint8 RGB pictures of those images of a batch that are drawn."""
        visualizers = network(runner).visualizers
        for image, sample in zip(data_batch['inputs'], outputs, strict=True):
            if self.seen % self.every == 0 and (self.most is None or self.written < self.most):
                rows = {'truth': dict(sample.gt.items()), 'prediction': dict(sample.pred.items())}
                shown = {name: drawer for name, drawer in visualizers.items() if name in rows['prediction']}
                extra = dict(sample.extra.items()) if 'extra' in sample else {}
                further = {
                    name: drawer.visualize(as_map(extra[name])) for name, drawer in visualizers.items() if name in extra
                }
                sheet = draw_sheet(as_picture(image, sample), shown, rows, further)
                yield f'{sample.scene.replace("/", "-")}-{sample.view}', sheet
                self.written += 1
            self.seen += 1


def network(runner) -> Module:
    """The runner's model without what wraps it."""
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
