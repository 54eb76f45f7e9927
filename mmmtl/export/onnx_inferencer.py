"""Predict any images by onnxruntime, with the interface of `MultiTaskInferencer`."""

import warnings
from pathlib import Path
from typing import Any, Literal, cast

from mmmtl.apis.inferencer import MultiTaskInferencer
from mmmtl.configuration.trained_for import is_size
from mmmtl.errors import ConfigError
from mmmtl.export.onnx_network import OnnxNetwork
from mmmtl.predictions.averaging import Averaging


class OnnxInferencer(MultiTaskInferencer):
    """Predict all tasks for images with an ONNX file: ``OnnxInferencer('rooms.onnx')(image)`` gives ``{task: map}``.

    Images are resized in the same way as by `MultiTaskInferencer`, which lists the arguments of a call.

    Args:
        file: File that `export_model` has written.
        size: ``'trained'`` for the size in the file's metadata, another (H, W), or None to keep the size of every
            image.
        threads: Number of threads; 0 for all cores.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        DataError: The file is missing, damaged or not written by `export_model`.
        ConfigError: ``size`` has another form, or the network takes several views.
    """

    def __init__(
        self, file: str | Path, size: tuple[int, int] | Literal['trained'] | None = 'trained', threads: int = 0
    ) -> None:
        network = OnnxNetwork(file, threads)
        self.trained_for = network.trained_for
        if size == 'trained':
            size = self.trained_for.get('size')
            if size is None:
                warnings.warn(f'{file}: has no trained_for.size, so images are not resized', stacklevel=2)
        elif size is not None and not is_size(size):
            raise ConfigError(f"size must be 'trained', (height, width) in pixels or None, found {size!r}")
        self.size = size and (size[0], size[1])
        self.model = cast(Any, network)  # has what prediction uses of a model
        self.averaging = Averaging()
