"""The input of a network for an image and its camera: at the scale that the network is trained for."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from mmmtl.configuration.trained_for import is_size
from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.datasets.transforms.trained_scale import magnification, rescale, scale_by_area, scale_by_camera
from mmmtl.errors import ConfigError, DataError
from mmmtl.geometry import check_camera
from mmmtl.predictions.prediction_run import CameraFunction
from mmmtl.structures import MultiTaskDataSample

Intrinsics = np.ndarray | Sequence[np.ndarray]


def network_size(
    size: tuple[int, int] | Literal['trained'] | None, trained_for: Mapping, file: str | Path
) -> tuple[int, int] | None:
    """Return the size (H, W) whose area images are resized to, None for their own; warn if there is no training size.

    Args:
        size: ``'trained'`` for the size in ``trained_for``, another (H, W), or None.
        trained_for: ``trained_for`` of the network.
        file: Its file, for the warning.

    Raises:
        ConfigError: ``size`` has a different form.
    """
    if size == 'trained':
        size = trained_for.get('size')
        if size is None:
            warnings.warn(
                f'{file}: has no trained_for.size, so images are not resized; '
                'add trained_for=dict(size=(height, width)) to the config, or pass size=None',
                stacklevel=3,
            )
    elif size is not None and not is_size(size):
        raise ConfigError(f"size must be 'trained', (height, width) in pixels or None, found {size!r}")
    return size and (size[0], size[1])


def network_input(
    image: np.ndarray, camera: Tensor | None, size: tuple[int, int] | None, trained_for: Mapping
) -> tuple[Tensor, MultiTaskDataSample]:
    """Return an image (3, h, w) uint8 at the scale of the network, and its sample.

    Args:
        image: (H, W, 3) uint8 RGB.
        camera: Intrinsics (3, 3) from `checked_camera`, or None.
        size: (H, W) in pixels: the image is resized to this area or, if the camera is known, to the focal length of
            this size; None to keep it.
        trained_for: ``trained_for`` of the config.
    """
    view, shape = {'image': image}, image.shape[:2]
    if size is not None:
        rescale(
            view, scale_by_area(shape, size) if camera is None else scale_by_camera(camera, shape, size, trained_for)
        )
    sample = MultiTaskDataSample(metainfo={'img_shape': view['image'].shape[:2], 'ori_shape': shape})
    if camera is not None:
        sample.intrinsics = camera
        sample.set_metainfo({'magnification': magnification(sample.input_intrinsics, sample.img_shape, trained_for)})
    return to_tensor(view['image']), sample


def checked_camera(
    intrinsics: np.ndarray | CameraFunction, shape: tuple[int, int], trained_for: Mapping, name: str
) -> Tensor:
    """Return intrinsics (3, 3) float32 after a check that they fit an image of ``shape`` (H, W).

    Raises:
        ConfigError: The network has no field of view.
        DataError: They do not fit.
    """
    if trained_for.get('field_of_view') is None:
        raise ConfigError(
            'trained_for.field_of_view: the config has none, but intrinsics are given; add it in '
            'degrees, or omit the intrinsics'
        )
    matrix = intrinsics(shape) if callable(intrinsics) else intrinsics
    camera = torch.as_tensor(np.asarray(matrix), dtype=torch.float32)
    try:
        check_camera(camera, torch.eye(4), shape, name=name)
    except ValueError as error:
        raise DataError(str(error)) from None
    return camera


def intrinsics_per_image(intrinsics: Intrinsics | None, count: int) -> list[np.ndarray | None]:
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
