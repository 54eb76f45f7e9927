"""Sheets of predictions during validation and test."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.hooks import Hook

from mmmtl.errors import ConfigError
from mmmtl.model_wrapper import unwrap_model
from mmmtl.registry import HOOKS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.visualization.sheet import MapVisualizer, as_image, draw_sheet, write_sheets


@HOOKS.register_module()
class VisualizationHook(Hook):
    """Draw a sheet per image: ground truth above prediction, and the auxiliary maps of the network.

    Sheets of a test are written to ``folder/SCENE-VIEW.png``. With ``visualize`` the sheets of validation and test are
    passed to the runner's visualizer (TensorBoard, Weights & Biases ...) as ``val_SCENE-VIEW`` and ``test_SCENE-VIEW``,
    with the training iteration as their step. For a `ConcatDataset` the name of the part precedes the scene:
    ``PART-SCENE-VIEW``.

    Args:
        folder: Folder for the sheets of a test; none are written if None.
        interval: Draw one image in ``interval``.
        max_images: Maximum number of sheets per process and pass; all if None.
        visualize: Pass the sheets to the visualizer.

    Raises:
        ConfigError: Neither ``folder`` nor ``visualize`` is given, or ``interval`` is below 1.
    """

    def __init__(
        self, folder: str | None = None, interval: int = 1, max_images: int | None = None, visualize: bool = False
    ) -> None:
        if folder is None and not visualize:
            raise ConfigError('VisualizationHook: set folder, where sheets are written, or visualize=True')
        if interval < 1:
            raise ConfigError(f'VisualizationHook.interval must be at least 1, found {interval}')
        self.folder, self.interval, self.max_images = None if folder is None else Path(folder), interval, max_images
        self.visualize = visualize
        self.seen = self.written = 0

    def before_test_epoch(self, runner) -> None:
        self.begin(runner)

    def after_test_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        set_return_aux(runner, False)

    def before_val_epoch(self, runner) -> None:
        if self.visualize:
            self.begin(runner)

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        set_return_aux(runner, False)

    def begin(self, runner) -> None:
        """Reset the counters and request auxiliary maps from the model."""
        self.seen = self.written = 0
        set_return_aux(runner, True)

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
        self, runner, data_batch: dict | None, outputs: Sequence[MultiTaskDataSample] | None
    ) -> Iterator[tuple[str, np.ndarray]]:
        """Yield names and sheets (uint8 RGB) of the images of a batch that are drawn."""
        assert data_batch is not None and outputs is not None
        visualizers: Mapping[str, MapVisualizer] = network(runner).visualizers
        for image, sample in zip(data_batch['inputs'], outputs, strict=True):
            if self.seen % self.interval == 0 and (self.max_images is None or self.written < self.max_images):
                auxiliary = dict(sample.extra.items()) if 'extra' in sample else {}
                rows = {'truth': dict(sample.gt.items()), '': auxiliary, 'prediction': dict(sample.pred.items())}
                drawn = {*auxiliary, *rows['prediction']}
                shown = {name: visualizer for name, visualizer in visualizers.items() if name in drawn}
                sheet = draw_sheet(as_image(image, sample), shown, rows)
                part = f'{sample.dataset}-' if 'dataset' in sample else ''
                yield f'{part}{sample.scene.replace("/", "-")}-{sample.view}', sheet
                self.written += 1
            self.seen += 1


def set_return_aux(runner, value: bool) -> None:
    """Set whether the model returns auxiliary maps with its predictions."""
    network(runner).return_aux = value


def network(runner) -> Any:
    """Return the runner's model without its wrapper."""
    return unwrap_model(runner.model)
