"""Predict with a trained network on any images: one map per task, and sheets of visualizations."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch
from mmengine.config import Config

from mmmtl.apis.init_model import init_model, resolve_network
from mmmtl.apis.input_images import ImageInput, image_name, is_image_input, list_images, to_image_array
from mmmtl.configuration.trained_for import is_size
from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.datasets.transforms.trained_scale import magnification, rescale, scale_by_area, scale_by_camera
from mmmtl.errors import ConfigError, DataError
from mmmtl.geometry import check_camera
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
            model is as initialized.
        device: Device of the model.
        size: ``'trained'`` for the size in ``trained_for`` of the config, another (H, W), or None to keep the size of
            every image.

    Raises:
        ConfigError: The config is wrong, or ``size`` has another form.
        CheckpointError: The checkpoint is missing, unsafe to load or of another architecture.
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path | None = None,
        device: str | torch.device = 'cpu',
        size: tuple[int, int] | Literal['trained'] | None = 'trained',
    ) -> None:
        config, checkpoint = resolve_network(config, checkpoint)
        self.trained_for = config.get('trained_for') or {}
        if size == 'trained':
            size = self.trained_for.get('size')
            if size is None:
                warnings.warn(
                    f'{config.filename}: has no trained_for.size, so images are not '
                    'resized; add trained_for=dict(size=(height, width)), or pass size=None',
                    stacklevel=2,
                )
        elif size is not None and not is_size(size):
            raise ConfigError(f"size must be 'trained', (height, width) in pixels or None, found {size!r}")
        self.size = size and tuple(size)
        self.model = init_model(config, checkpoint, device)

    def __call__(
        self,
        images: ImageInput | Iterable[ImageInput],
        show_dir: str | Path | None = None,
        intrinsics: np.ndarray | Sequence[np.ndarray] | None = None,
    ) -> Maps | list[Maps] | dict[str, Maps]:
        """Predict one image, several images, or all images of a folder.

        Args:
            images: A file, a PIL image or an array (H, W, 3) uint8 RGB; a list, tuple or generator of these; or a
                folder. Images may have different sizes.
            show_dir: Folder to write a sheet per image to: image, overlay, one visualization per task, legend. Its
                name is ``FILE_NAME.png`` with the complete file name, so that no sheet replaces an image or another
                sheet, and ``INDEX-FILE_NAME.png`` for a list, since its files may have equal names.
            intrinsics: (3, 3) in pixels of the image (after any EXIF rotation), for all images or one per image. The
                image is then resized to the focal length of training, and depth is metric for this camera. Without
                it, depth is that of the camera of training.

        Returns:
            For one image ``{task: map}`` at the image's size: (H, W), or (H, W, C) for tasks with C > 1 values per
            pixel. For several a list of these, in their order. For a folder ``{file name: {task: map}}``.

        Raises:
            DataError: A file does not exist or is not an image, the folder has no image, or intrinsics do not fit the
                image.
            ConfigError: ``intrinsics`` are given, but the config has no ``trained_for.field_of_view``.
        """
        if isinstance(images, str | Path) and Path(images).is_dir():
            files = list_images(Path(images))
            cameras = intrinsics_per_image(intrinsics, len(files))
            return {
                file.name: self._predict(file, file.name, show_dir, camera)
                for file, camera in zip(files, cameras, strict=True)
            }
        if is_image_input(images):
            image = cast(ImageInput, images)
            return self._predict(image, image_name(image), show_dir, intrinsics_per_image(intrinsics, 1)[0])
        if not isinstance(images, Iterable):
            raise DataError(f'expected a path, a PIL image, an array or several of them, found {type(images).__name__}')
        images = list(images)
        cameras = intrinsics_per_image(intrinsics, len(images))
        return [
            self._predict(image, f'{index}-{image_name(image)}', show_dir, camera)
            for index, (image, camera) in enumerate(zip(images, cameras, strict=True))
        ]

    @torch.inference_mode()
    def _predict(
        self, image_input: ImageInput, name: str, show_dir: str | Path | None, intrinsics: np.ndarray | None
    ) -> Maps:
        image = to_image_array(image_input, name)
        view, shape = {'image': image}, image.shape[:2]
        camera = None if intrinsics is None else self._camera(intrinsics, shape, name)
        if self.size is not None:
            rescale(
                view,
                scale_by_area(shape, self.size)
                if camera is None
                else scale_by_camera(camera, shape, self.size, self.trained_for),
            )
        sample = MultiTaskDataSample(metainfo={'img_shape': view['image'].shape[:2], 'ori_shape': shape})
        if camera is not None:
            sample.intrinsics = camera
            sample.set_metainfo({'magnification': magnification(sample.input_intrinsics, self.trained_for)})
        (sample,) = self.model.test_step({'inputs': [to_tensor(view['image'])], 'data_samples': [sample]})
        maps = dict(sample.pred.items())
        if show_dir is not None:
            sheet = draw_sheet(image, self.model.tasks, {'prediction': maps})
            write_sheets(Path(show_dir) / f'{name}.png', [sheet])
        return {task: as_map(values) for task, values in maps.items()}

    def _camera(self, intrinsics: np.ndarray, shape: tuple[int, int], name: str) -> torch.Tensor:
        """Return intrinsics (3, 3) float32 after a check that they fit the image."""
        if self.trained_for.get('field_of_view') is None:
            raise ConfigError(
                'trained_for.field_of_view: the config has none, but intrinsics are given; add it in '
                'degrees, or leave out the intrinsics'
            )
        camera = torch.as_tensor(np.asarray(intrinsics), dtype=torch.float32)
        try:
            check_camera(camera, torch.eye(4), shape, name=name)
        except ValueError as error:
            raise DataError(str(error)) from None
        return camera


def intrinsics_per_image(intrinsics: np.ndarray | Sequence[np.ndarray] | None, count: int) -> list[np.ndarray | None]:
    """Return intrinsics, or None, for each of ``count`` images.

    Raises:
        DataError: There is neither one matrix nor one per image.
    """
    if intrinsics is None:
        return [None] * count
    matrices = [np.asarray(matrix, float) for matrix in intrinsics]
    if all(matrix.ndim == 1 for matrix in matrices):  # the rows of one matrix
        return [np.stack(matrices)] * count
    if len(matrices) != count:
        raise DataError(f'{len(matrices)} intrinsics for {count} images; give one (3, 3) for all, or one per image')
    return [*matrices]
