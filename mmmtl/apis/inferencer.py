"""A trained network on photographs: one map per task, and sheets."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config

from mmmtl.apis.init_model import init_model
from mmmtl.datasets.reading import read_image
from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.errors import DataError
from mmmtl.structures import MultiTaskDataSample
from mmmtl.visualization import as_map, draw_sheet, write_sheets

SUFFIXES = {'.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff'}


class MultiTaskInferencer:
    """``MultiTaskInferencer(config, checkpoint)(image)`` -> ``{task: map}``.

    Args:
        config: A config file, or what `load_config` made of one.
        checkpoint: Weights; without it the network is as initialised.
        device: Where it runs.
    """

    def __init__(self, config: str | Path | Config, checkpoint: str | Path | None = None,
                 device: str | torch.device = 'cpu') -> None:
        self.model = init_model(config, checkpoint, device)

    def __call__(self, images: str | Path | np.ndarray, show_dir: str | Path | None = None
                 ) -> dict[str, np.ndarray] | dict[str, dict[str, np.ndarray]]:
        """Predict for an image of any size, or for every image of a folder.

        Args:
            images: A file, a folder, or an array (H, W, 3) uint8 RGB.
            show_dir: Write a sheet per image to this folder, ``FILE NAME.png``: image, overlay, one picture per task,
                legend. The whole file name stands in it so that no sheet can replace an image or another's sheet.

        Returns:
            For one image ``{task: map}`` at the image's size: (H, W), or (H, W, C) for tasks with C > 1 values per
            pixel.
            For a folder ``{file name: {task: map}}``.

        Raises:
            DataError: No such file, no image in the folder, or a file that is no image.
        """
        if isinstance(images, np.ndarray):
            return self._predict(images, 'array', show_dir)
        path = Path(images)
        if not path.is_dir():
            return self._predict(read_image(path), path.name, show_dir)
        found = {file.name: self._predict(read_image(file), file.name, show_dir) for file in image_files(path)}
        if not found:
            raise DataError(f'{path}: no image in this folder ({", ".join(sorted(SUFFIXES))})')
        return found

    @torch.inference_mode()
    def _predict(self, image: np.ndarray, name: str, show_dir: str | Path | None) -> dict[str, np.ndarray]:
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise DataError(f'{name}: expected an image H x W x 3, uint8 RGB, found {image.shape} {image.dtype}')
        sample = MultiTaskDataSample(metainfo={'img_shape': image.shape[:2]})
        (sample,) = self.model.test_step({'inputs': [to_tensor(image)], 'data_samples': [sample]})
        maps = dict(sample.pred.items())
        if show_dir is not None:
            sheet = draw_sheet(image, self.model.tasks, {'prediction': maps})
            write_sheets(Path(show_dir) / f'{name}.png', [sheet])
        return {task: as_map(values) for task, values in maps.items()}


def image_files(folder: Path) -> Iterator[Path]:
    """The images of a folder, sorted by name."""
    return (file for file in sorted(folder.iterdir()) if file.suffix.lower() in SUFFIXES)
