"""A trained network on photographs: one map per task, and sheets."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from mmengine.config import Config

from mmmtl.apis.init_model import init_model
from mmmtl.apis.input_images import ImageInput, image_name, is_image_input, list_images, to_image_array
from mmmtl.configuration.load_config import load_config
from mmmtl.configuration.trained_for import is_size
from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.datasets.transforms.trained_scale import magnification, rescale, scale_by_area, scale_by_camera
from mmmtl.errors import ConfigError, DataError
from mmmtl.geometry import check_camera
from mmmtl.structures import MultiTaskDataSample
from mmmtl.visualization import as_map, draw_sheet, write_sheets

Maps = dict[str, np.ndarray]


class MultiTaskInferencer:
    """``MultiTaskInferencer(config, checkpoint)(image)`` -> ``{task: map}``.

    An image is resized, with its proportions kept, to the area of the size that the network was trained for, so that
    the network sees things as large as it has learnt them; the logits are resized back to the image.

    Args:
        config: A config file, or what `load_config` made of one.
        checkpoint: Weights; without it the network is as initialised.
        device: Where it runs.
        size: ``'trained'``, the size that the config states by ``trained_for``; another (H, W); or None, which hands
            every image to the network at its own size.

    Raises:
        ConfigError: ``size`` is none of these.
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path | None = None,
        device: str | torch.device = 'cpu',
        size: tuple[int, int] | Literal['trained'] | None = 'trained',
    ) -> None:
        config = config if isinstance(config, Config) else load_config(config)
        self.trained_for = config.get('trained_for') or {}
        if size == 'trained':
            size = self.trained_for.get('size')
            if size is None:
                warnings.warn(
                    f'{config.filename}: states no size that the network was trained for, so images are not '
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
        """Predict for an image of any size, for several, or for every image of a folder.

        Args:
            images: A file, a PIL image or an array (H, W, 3) uint8 RGB; a list, tuple or generator of these; or a
                folder.
            show_dir: Write a sheet per image to this folder: image, overlay, one picture per task, legend. It is called
                ``FILE NAME.png``, the whole file name, so that no sheet can replace an image or another's sheet, and
                ``NUMBER-FILE NAME.png`` for a list, whose files may share a name.
            intrinsics: (3, 3) in pixels of the image (the upright one, where EXIF turns it), the same for all images,
                or one per image. The image is then resized to the focal length that the network was trained for, and
                depth is that of this camera; else it is what depth would be with the camera trained for.

        Returns:
            For one image ``{task: map}`` at the image's size: (H, W), or (H, W, C) for tasks with C > 1 values per
            pixel. For several a list of these, in their order. For a folder ``{file name: {task: map}}``.

        Raises:
            DataError: No such file, no image in the folder, a file or value that is no image, or intrinsics that
                cannot be those of the image.
            ConfigError: There are intrinsics, but the config does not state ``trained_for.field_of_view``.
        """
        if isinstance(images, str | Path) and Path(images).is_dir():
            files = list_images(Path(images))
            cameras = intrinsics_per_image(intrinsics, len(files))
            return {
                file.name: self._predict(file, file.name, show_dir, camera)
                for file, camera in zip(files, cameras, strict=True)
            }
        if is_image_input(images):
            return self._predict(images, image_name(images), show_dir, intrinsics_per_image(intrinsics, 1)[0])
        if not isinstance(images, Iterable):
            raise DataError(f'expected a path, a PIL image, an array or several of them, found {type(images).__name__}')
        images = list(images)
        cameras = intrinsics_per_image(intrinsics, len(images))
        return [
            self._predict(image, f'{number}-{image_name(image)}', show_dir, camera)
            for number, (image, camera) in enumerate(zip(images, cameras, strict=True))
        ]

    @torch.inference_mode()
    def _predict(
        self, picture: ImageInput, name: str, show_dir: str | Path | None, intrinsics: np.ndarray | None
    ) -> Maps:
        image = to_image_array(picture, name)
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
            sample.set_metainfo({'magnification': magnification(sample.seen_intrinsics, self.trained_for)})
        (sample,) = self.model.test_step({'inputs': [to_tensor(view['image'])], 'data_samples': [sample]})
        maps = dict(sample.pred.items())
        if show_dir is not None:
            sheet = draw_sheet(image, self.model.tasks, {'prediction': maps})
            write_sheets(Path(show_dir) / f'{name}.png', [sheet])
        return {task: as_map(values) for task, values in maps.items()}

    def _camera(self, intrinsics: np.ndarray, shape: tuple[int, int], name: str) -> torch.Tensor:
        """The intrinsics, once they fit the image, (3, 3) float32."""
        if self.trained_for.get('field_of_view') is None:
            raise ConfigError(
                'intrinsics are given, but the config does not state the camera that the network was '
                'trained for; add trained_for.field_of_view in degrees, or leave them out'
            )
        camera = torch.as_tensor(np.asarray(intrinsics), dtype=torch.float32)
        try:
            check_camera(camera, torch.eye(4), shape, name=name)
        except ValueError as error:
            raise DataError(str(error)) from None
        return camera


def intrinsics_per_image(intrinsics: np.ndarray | Sequence[np.ndarray] | None, count: int) -> list[np.ndarray | None]:
    """Intrinsics for each of ``count`` images.

    Raises:
        DataError: They are neither one nor as many as there are images.
    """
    if intrinsics is None:
        return [None] * count
    given = [np.asarray(one, float) for one in intrinsics]
    if all(one.ndim == 1 for one in given):  # the rows of one
        return [np.stack(given)] * count
    if len(given) != count:
        raise DataError(f'{len(given)} intrinsics for {count} images; give one (3, 3) for all, or one per image')
    return given
