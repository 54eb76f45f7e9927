"""Predict with a trained network on any images: one map per task, and sheets of visualizations."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from mmmtl.apis.init_model import init_model, resolve_network
from mmmtl.apis.network_input import Intrinsics, checked_camera, intrinsics_per_image, network_input, network_size
from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.errors import ConfigError, DataError
from mmmtl.predictions.averaging import AveragedPrediction, Averaging
from mmmtl.predictions.input_images import ImageInput, image_name, is_image_input, list_images, to_image_array
from mmmtl.predictions.prediction_run import CameraFunction
from mmmtl.structures import MultiTaskDataSample
from mmmtl.visualization import as_map, draw_sheet, write_sheets

Maps = dict[str, np.ndarray]


class MultiTaskInferencer:
    """Predict all tasks for images: ``MultiTaskInferencer('rooms_lite0')(image)`` gives ``{task: map}``.

    Images are resized, with their aspect ratio kept, to the area of the training size, so that objects have the size
    that the network is trained for. Logits are resized back to the image.

    Args:
        config: Name of a network in the model zoo (`mmmtl.list_models`), a config file, or a config from `load_config`.
        checkpoint: File with weights. Without it, a network of the model zoo has its published weights, and any other
            model its initial weights.
        device: Device of the model.
        size: ``'trained'`` for the size in ``trained_for`` of the config, another (H, W), or None to keep the size of
            every image.
        averaging: Averages over flips, scales and windows; one prediction per image if None. Training, validation and
            test never average.

    Raises:
        ConfigError: The config is wrong, ``size`` has a different form, or the model lacks a task of ``averaging``.
        CheckpointError: The checkpoint is missing, unsafe to load or of a different architecture.
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path | None = None,
        device: str | torch.device = 'cpu',
        size: tuple[int, int] | Literal['trained'] | None = 'trained',
        averaging: Averaging | None = None,
    ) -> None:
        config, checkpoint = resolve_network(config, checkpoint)
        self.trained_for = config.get('trained_for') or {}
        self.size = network_size(size, self.trained_for, config.filename)
        self.model = init_model(config, checkpoint, device)
        self.averaging = averaging or Averaging()
        self.averaging.check(self.model.tasks, self.size)

    def __call__(
        self,
        images: ImageInput | Iterable[ImageInput],
        show_dir: str | Path | None = None,
        intrinsics: Intrinsics | None = None,
        batch_size: int = 1,
    ) -> Maps | list[Maps] | dict[str, Maps]:
        """Predict one image, several images, or all images of a folder.

        Args:
            images: A file, a PIL image or an array (H, W, 3) uint8 RGB; a list, tuple or generator of these; or a
                folder. Images may have different sizes.
            show_dir: Folder to write a sheet per image to: image, overlay, one visualization per task, legend. Its
                name is ``FILE_NAME.sheet.png`` with the complete file name, as `mmmtl predict` writes it, and
                ``INDEX-FILE_NAME.sheet.png`` for a list, since its files may have equal names.
            intrinsics: (3, 3) in pixels of the image (after any EXIF rotation), for all images or one per image. The
                image is then resized to the focal length of training, and depth is metric for this camera. Without
                it, depth is that of the camera of training.
            batch_size: Number of images that are predicted together; those of one size share a forward pass. With
                ``averaging``, images are predicted one after the other.

        Returns:
            For one image ``{task: map}`` at the image's size: (H, W), or (H, W, C) for tasks with C > 1 values per
            pixel. For several a list of these, in their order. For a folder ``{file name: {task: map}}``. All maps are
            in memory then; use `predict_each` for many images.

        Raises:
            DataError: A file does not exist or is not an image, the folder has no image, or intrinsics do not fit the
                image.
            ConfigError: ``intrinsics`` are given, but the config has no ``trained_for.field_of_view``.
        """
        if isinstance(images, str | Path) and Path(images).is_dir():
            files = list_images(Path(images))
            named: list[tuple[str, ImageInput]] = [(file.name, file) for file in files]
            found = self._predict_named(named, intrinsics_per_image(intrinsics, len(files)), batch_size, show_dir)
            return dict(zip((file.name for file in files), found, strict=True))
        if is_image_input(images):
            image = cast(ImageInput, images)
            camera = intrinsics_per_image(intrinsics, 1)
            return next(self._predict_named([(image_name(image), image)], camera, 1, show_dir))
        if not isinstance(images, Iterable):
            raise DataError(f'expected a path, a PIL image, an array or several of them, found {type(images).__name__}')
        images = list(images)
        named = [(f'{index}-{image_name(image)}', image) for index, image in enumerate(images)]
        return [*self._predict_named(named, intrinsics_per_image(intrinsics, len(images)), batch_size, show_dir)]

    def predict_each(
        self, images: Iterable[ImageInput], intrinsics: np.ndarray | CameraFunction | None = None, batch_size: int = 1
    ) -> Iterator[Maps]:
        """Yield ``{task: map}`` of image after image; only ``batch_size`` images are in memory.

        Args:
            images: Files, PIL images or arrays, for example from a generator; they are read as the maps are consumed.
            intrinsics: (3, 3) in pixels, for all images, or a function that returns them for the size (H, W) of an
                image.
            batch_size: Number of images that are predicted together.

        Raises:
            DataError: As for a call.
            ConfigError: As for a call.
        """
        named = ((f'{index}-{image_name(image)}', image) for index, image in enumerate(images))
        return self._predict_named(named, itertools.repeat(intrinsics), batch_size, None)

    def _predict_named(
        self,
        images: Iterable[tuple[str, ImageInput]],
        cameras: Iterable[np.ndarray | CameraFunction | None],
        batch_size: int,
        show_dir: str | Path | None,
    ) -> Iterator[Maps]:
        """Yield the maps of named images, with intrinsics, a function that returns them, or None for each."""
        if batch_size < 1:
            raise ConfigError(f'batch_size must be at least 1, found {batch_size}')
        pairs = zip(images, cameras, strict=False)
        while batch := [*itertools.islice(pairs, batch_size)]:
            arrays = [to_image_array(image, name) for (name, image), _ in batch]
            known = [
                None if camera is None else checked_camera(camera, array.shape[:2], self.trained_for, name)
                for ((name, _), camera), array in zip(batch, arrays, strict=True)
            ]
            for ((name, _), _), array, maps in zip(batch, arrays, self._predict(arrays, known), strict=True):
                if show_dir is not None:
                    sheet = draw_sheet(array, self.model.tasks, {'prediction': maps})
                    write_sheets(Path(show_dir) / f'{name}.sheet.png', [sheet])
                yield {task: as_map(values) for task, values in maps.items()}

    @torch.inference_mode()
    def _predict(self, images: Sequence[np.ndarray], cameras: Sequence[Tensor | None]) -> list[Mapping[str, Tensor]]:
        """Return the maps (C, H, W) of images."""
        network_inputs = [
            network_input(image, camera, self.size, self.trained_for)
            for image, camera in zip(images, cameras, strict=True)
        ]
        inputs, samples = [image for image, _ in network_inputs], [sample for _, sample in network_inputs]
        if not self.averaging.is_single:
            average = AveragedPrediction(self._logits, self.model.tasks, self.averaging)
            return [
                average(image, sample.img_shape, sample.get('magnification', 1.0))
                for image, sample in zip(images, samples, strict=True)
            ]
        predicted = self.model.test_step({'inputs': inputs, 'data_samples': samples})
        return [dict(sample.pred.items()) for sample in predicted]

    def _logits(self, images: Sequence[np.ndarray]) -> dict[str, Tensor]:
        """Return the logits (B, channels, h, w) of B images of one size."""
        height, width = images[0].shape[:2]
        samples = [MultiTaskDataSample(metainfo={'img_shape': (height, width)}) for _ in images]
        inputs = [to_tensor(np.ascontiguousarray(image)) for image in images]
        data = self.model.data_preprocessor({'inputs': inputs, 'data_samples': samples}, False)
        logits = self.model(data['inputs'], mode='tensor')
        return {task: values[:, :, :height, :width] for task, values in logits.items()}
