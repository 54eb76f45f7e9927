"""Predict images of any size with onnxruntime, with the interface of `MultiTaskInferencer`."""

from pathlib import Path
from typing import Any, Literal, cast

from mmmtl.apis.inferencer import MultiTaskInferencer
from mmmtl.apis.network_input import network_size
from mmmtl.export.onnx_network import OnnxNetwork
from mmmtl.predictions.averaging import Averaging


class OnnxInferencer(MultiTaskInferencer):
    """Predict all tasks for images with an ONNX file: ``OnnxInferencer('rooms.onnx')(image)`` gives ``{task: map}``.

    Images are resized in the same way as by `MultiTaskInferencer`, which lists the arguments of a call.

    Args:
        file: File that `export_model` has written.
        size: ``'trained'`` for the size in the file's metadata, a different (H, W), or None to keep the size of every
            image.
        threads: Number of threads; 0 for all cores.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        DataError: The file is missing, damaged or not written by `export_model`.
        ConfigError: ``size`` has a different form, ``threads`` is negative, or the network takes several views or
            returns probabilities of classes.
    """

    def __init__(
        self, file: str | Path, size: tuple[int, int] | Literal['trained'] | None = 'trained', threads: int = 0
    ) -> None:
        network = OnnxNetwork(file, threads)
        self.trained_for = network.trained_for
        self.size = network_size(size, self.trained_for, file)
        self.model = cast(Any, network)  # implements the part of a model that prediction uses
        self.averaging = Averaging()
