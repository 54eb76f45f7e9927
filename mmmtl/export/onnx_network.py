"""Run an exported network with onnxruntime in place of a `MultiTaskModel`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from mmengine.structures import PixelData
from torch import Tensor

from mmmtl.errors import ConfigError, DataError
from mmmtl.export.metadata import read_entry, read_tasks
from mmmtl.extras import import_extra
from mmmtl.structures import MultiTaskDataSample


class OnnxNetwork:
    """A network in an ONNX file, with the part of `MultiTaskModel` that prediction uses: ``tasks`` and ``test_step``.

    Args:
        file: File that `export_model` has written.
        threads: Number of threads; 0 for all cores.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        DataError: The file is missing, damaged or not written by `export_model`.
        ConfigError: The network takes several views, or returns probabilities of classes; or ``threads`` is negative.
    """

    def __init__(self, file: str | Path, threads: int = 0) -> None:
        if threads < 0:
            raise ConfigError(f'threads must be >= 0, found {threads}; 0 uses all cores')
        runtime = import_extra('onnxruntime', 'running an ONNX file')
        if not Path(file).is_file():
            raise DataError(f'{file}: no such file')
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors
        try:
            self.session = runtime.InferenceSession(str(file), options, providers=['CPUExecutionProvider'])
        except Exception as error:  # onnxruntime raises many types
            reason = (str(error).splitlines() or [''])[0]
            raise DataError(f'{file}: not a readable ONNX file ({reason})') from None
        self.file, metadata = str(file), self.session.get_modelmeta().custom_metadata_map
        self.tasks = read_tasks(metadata, self.file)
        self.trained_for = read_entry(metadata, 'trained_for', self.file)
        names = [value.name for value in self.session.get_inputs()]
        if names != ['image']:
            raise ConfigError(
                f'{file}: also needs {", ".join(names[1:])}; mmmtl predict runs networks of single images only'
            )
        for output in self.session.get_outputs():
            task = self.tasks.get(output.name)
            if task is not None and task.quantity == 'classes' and output.type != 'tensor(uint8)':
                raise ConfigError(f'{file}: has probabilities of {output.name}; export it with class indices')
        self.input_shape = self.session.get_inputs()[0].shape

    def run(self, image: np.ndarray, map_size: tuple[int, int] | None = None) -> dict[str, np.ndarray]:
        """Compute the maps ``{task: (N, C, height, width)}`` of images (N, 3, H, W) uint8.

        Raises:
            DataError: The network takes images of a different size only.
        """
        for length, expected in zip(image.shape, self.input_shape, strict=True):
            if isinstance(expected, int) and length != expected:
                raise DataError(
                    f'{self.file}: takes images of {" x ".join(map(str, self.input_shape))} only, found '
                    f'{" x ".join(map(str, image.shape))}'
                )
        inputs = {'image': image, 'map_size': np.array(map_size or (0, 0), np.int64)}
        return dict(zip(self.tasks, self.session.run(list(self.tasks), inputs), strict=True))

    def test_step(self, data: Mapping[str, Sequence]) -> list[MultiTaskDataSample]:
        """Predict raw images, as `MultiTaskModel.test_step` does."""
        samples: list[MultiTaskDataSample] = list(data['data_samples'])
        for image, sample in zip(data['inputs'], samples, strict=True):
            maps = self.run(image[None].numpy(), sample.output_shape)
            scale = 1 / sample.get('magnification', 1.0)
            sample.pred = PixelData(
                **{name: self._corrected(name, torch.from_numpy(values), scale)[0] for name, values in maps.items()}
            )
        return samples

    def _corrected(self, name: str, values: Tensor, scale: float) -> Tensor:
        """Correct a map for the focal length; class indices become int64, as in PyTorch."""
        zoom: Callable[[Tensor, float], Tensor] = cast(Any, self.tasks[name].zoom)
        return zoom(values if values.is_floating_point() else values.long(), scale)
