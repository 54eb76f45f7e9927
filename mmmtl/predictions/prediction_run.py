"""Predict the images of many sources one after the other, and write each result as soon as it is available."""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from mmmtl.errors import DataError
from mmmtl.geometry import check_camera
from mmmtl.predictions.image_sources import Source, SourceImage
from mmmtl.predictions.output_files import Prediction, lost_values
from mmmtl.predictions.prediction_folder import PredictionFolder
from mmmtl.progress import progress
from mmmtl.tasks import Task

CameraFunction = Callable[[tuple[int, int]], np.ndarray]
"""Returns the intrinsics (3, 3) in pixels of an image of size (H, W)."""


class Predictor(Protocol):
    """An object that predicts images, such as `mmmtl.apis.MultiTaskInferencer`."""

    def predict_each(
        self, images: Iterable[np.ndarray], intrinsics: CameraFunction | None = None, batch_size: int = 1
    ) -> Iterator[dict[str, np.ndarray]]:
        """Yield ``{task: map}`` of each image (H, W, 3) uint8 RGB, with at most ``batch_size`` images in memory."""


@dataclass
class PredictionRun:
    """A pass over sources that skips finished and damaged images.

    Args:
        predictor: The network, see `Predictor`.
        tasks: Its tasks, by name.
        folder: Folder for the results.
        camera: Camera of the images; None if unknown.
        correct_depth: Whether the predictor receives the camera too; otherwise only the files depend on it.
        batch_size: Number of images that are predicted together.
        done: Number of images that were predicted.
        kept: Number of images that were finished before.
        failed: Number of files that could not be read.
    """

    predictor: Predictor
    tasks: Mapping[str, Task]
    folder: PredictionFolder
    camera: CameraFunction | None = None
    correct_depth: bool = True
    batch_size: int = 1
    done: int = 0
    kept: int = 0
    failed: int = 0

    def run(self, sources: Sequence[Source]) -> None:
        """Predict all images and count them.

        Raises:
            DataError: There is a single source, of which no image can be read, or the camera does not fit an image.
        """
        self.raises = len(sources) == 1
        waiting: deque[tuple[str, np.ndarray]] = deque()
        with_bar = len(sources) > 1 or any(source.is_video for source in sources)
        self.bar: Any = progress(description='images', total=sum(map(Source.count, sources))) if with_bar else None
        arrays = self._arrays(sources, waiting)
        camera = self.camera if self.correct_depth else None
        for maps in self.predictor.predict_each(arrays, camera, self.batch_size):
            name, array = waiting.popleft()
            prediction = Prediction(array, maps, self.tasks, self._intrinsics(name, array))
            self.folder.write(name, prediction)
            for text in lost_values(prediction):
                print(f'{name}: {text}', file=sys.stderr)
            self.done += 1
            self._advance()
        if self.bar is not None:
            self.bar.close()

    def _arrays(self, sources: Sequence[Source], waiting: deque[tuple[str, np.ndarray]]) -> Iterator[np.ndarray]:
        """Yield the images that are to be predicted, and append each with its name to ``waiting``."""
        for image in self._images(sources):
            if self.folder.has(image):
                self.kept += 1
                self._advance()
                continue
            try:
                array = image.read()
            except DataError as error:
                self._skip(error)
                self._advance()
                continue
            self._intrinsics(image.name, array)  # checked before the prediction
            waiting.append((image.name, array))
            yield array

    def _intrinsics(self, name: str, image: np.ndarray) -> np.ndarray | None:
        if self.camera is None:
            return None
        size = (image.shape[0], image.shape[1])
        intrinsics = self.camera(size)
        try:
            check_camera(torch.tensor(intrinsics), torch.eye(4), size, name=name)
        except ValueError as error:
            raise DataError(str(error)) from None
        return intrinsics

    def _images(self, sources: Sequence[Source]) -> Iterator[SourceImage]:
        for source in sources:
            try:
                yield from source.images()
            except DataError as error:
                self._skip(error)

    def _skip(self, error: DataError) -> None:
        if self.raises and not self.done and not self.kept:
            raise error
        self.failed += 1
        print(f'skipped: {error}', file=sys.stderr)

    def _advance(self) -> None:
        if self.bar is not None:
            self.bar.update()
