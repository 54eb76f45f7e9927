"""Predictions for the page: one photograph, or several views of a scene with their cameras."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch

from mmmtl.apis import MultiTaskInferencer
from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.datasets.transforms.trained_scale import (
    magnification,
    mean_focal_length,
    rescale,
    scale_by_area,
    scale_by_camera,
)
from mmmtl.errors import ConfigError, DataError
from mmmtl.geometry import check_camera, intrinsics_of_field_of_view
from mmmtl.structures import MultiTaskDataSample
from mmmtl.visualization import as_map

ASSUMED_FIELD_OF_VIEW = 60.0  # degrees, for networks that state none


@dataclass(frozen=True)
class PagePrediction:
    """The maps of a photograph.

    Args:
        name: Name of the photograph without suffix.
        image: (H, W, 3) uint8 RGB.
        maps: ``{task: (H, W) or (H, W, C)}`` at the size of the image.
        intrinsics: (3, 3) in pixels of the image; those of the training if the camera is unknown.
    """

    name: str
    image: np.ndarray
    maps: Mapping[str, np.ndarray]
    intrinsics: np.ndarray

    @property
    def field_of_view(self) -> float:
        """Horizontal field of view in degrees."""
        return math.degrees(2 * math.atan(self.image.shape[1] / 2 / self.intrinsics[0, 0]))


def predict_photograph(
    infer: MultiTaskInferencer, name: str, image: np.ndarray, field_of_view: float | None
) -> PagePrediction:
    """Predict one photograph.

    Args:
        infer: The network.
        name: Name of the photograph.
        image: (H, W, 3) uint8 RGB.
        field_of_view: Horizontal field of view in degrees, to which the depth is then adapted; None if unknown.

    Raises:
        ConfigError: The field of view is given, but the config does not state that of the training.
    """
    if field_of_view is None:
        maps = infer(image)
        intrinsics = centred_camera(image.shape[:2], assumed_focal_length(infer, image.shape[:2]))
    else:
        intrinsics = intrinsics_of_field_of_view(field_of_view, (image.shape[0], image.shape[1]))
        maps = infer(image, intrinsics=intrinsics)
    ordered = cast(dict[str, np.ndarray], maps)
    return PagePrediction(name, image, {task: ordered[task] for task in infer.model.tasks}, intrinsics)


def assumed_focal_length(infer: MultiTaskInferencer, shape: tuple[int, int]) -> float:
    """Return the focal length in pixels that the network takes an image of ``shape`` (H, W) to have."""
    if infer.trained_for.get('field_of_view') is None or infer.size is None:
        return max(shape) / 2 / math.tan(math.radians(ASSUMED_FIELD_OF_VIEW) / 2)
    size = (infer.size[0], infer.size[1])
    trained = mean_focal_length(infer.trained_for) * scale_by_area(infer.trained_for['size'], size)
    return trained / scale_by_area(shape, size)


def centred_camera(shape: tuple[int, int], focal: float) -> np.ndarray:
    """Return the intrinsics (3, 3) of a camera whose principal point is the centre of the image."""
    height, width = shape
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])


@torch.inference_mode()
def predict_views(
    infer: MultiTaskInferencer, names: Sequence[str], images: Sequence[np.ndarray], cameras: Sequence[Mapping]
) -> list[PagePrediction]:
    """Predict the views of one scene together.

    Args:
        infer: A network that looks across views.
        names: Name per photograph.
        images: (H, W, 3) uint8 RGB, all of one size.
        cameras: ``{'intrinsics': (3, 3), 'camera_T_world': (4, 4)}`` per photograph.

    Raises:
        DataError: The numbers or the sizes do not fit, or a camera is impossible.
        ConfigError: The config does not state the field of view of the training.
    """
    if len(cameras) != len(images):
        raise DataError(f'cameras: {len(cameras)} for {len(images)} photographs; give one for each')
    if infer.trained_for.get('field_of_view') is None or infer.size is None:
        raise ConfigError('trained_for.field_of_view: the config has none, but photographs with cameras need it')
    size = (infer.size[0], infer.size[1])
    inputs, samples = [], []
    for index, (name, image, camera) in enumerate(zip(names, images, cameras, strict=True)):
        shape = (image.shape[0], image.shape[1])
        intrinsics = torch.tensor(camera['intrinsics'], dtype=torch.float32)
        pose = torch.tensor(camera['camera_T_world'], dtype=torch.float32)
        try:
            check_camera(intrinsics, pose, shape, name=f'camera of {name}')
        except ValueError as error:
            raise DataError(str(error)) from None
        view = {'image': image}
        rescale(view, scale_by_camera(intrinsics, shape, size, infer.trained_for))
        about = {'scene': 'page', 'view': index, 'num_views': len(images), 'img_path': name}
        sample = MultiTaskDataSample(metainfo={**about, 'img_shape': view['image'].shape[:2], 'ori_shape': shape})
        sample.intrinsics, sample.camera_T_world = intrinsics, pose
        sample.set_metainfo(
            {'magnification': magnification(sample.input_intrinsics, sample.img_shape, infer.trained_for)}
        )
        inputs.append(to_tensor(view['image']))
        samples.append(sample)
    samples = infer.model.test_step({'inputs': inputs, 'data_samples': samples})
    return [
        PagePrediction(
            name, image, {task: as_map(sample.pred.get(task)) for task in infer.model.tasks}, sample.intrinsics.numpy()
        )
        for name, image, sample in zip(names, images, samples, strict=True)
    ]


def parse_degrees(text: str) -> float | None:
    """Parse a field of view; None if the text is empty.

    Raises:
        DataError: It is not a number from 1 to 175.
    """
    if not text.strip():
        return None
    try:
        degrees = float(text.strip().removesuffix('°'))
    except ValueError:
        degrees = math.nan
    if not 1 <= degrees <= 175:
        raise DataError(f'field of view: expected 1 to 175 degrees, found {text.strip()!r}')
    return degrees


def parse_cameras(text: str) -> list[dict[str, np.ndarray]]:
    """Parse the cameras of several views: a JSON list with ``intrinsics`` and ``camera_T_world`` of each.

    Raises:
        DataError: It is not JSON, or an entry is missing or of a different shape.
    """
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise DataError(f'cameras: not valid JSON ({error})') from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DataError('cameras: expected a list of {"intrinsics": 3 x 3, "camera_T_world": 4 x 4}')
    cameras = []
    for index, entry in enumerate(entries):
        camera = {}
        for key, shape in (('intrinsics', (3, 3)), ('camera_T_world', (4, 4))):
            if key not in entry:
                raise DataError(f'cameras[{index}]: has no {key}')
            try:
                matrix = np.array(entry[key], float)
            except (ValueError, TypeError):
                matrix = np.zeros(0)
            if matrix.shape != shape or not np.isfinite(matrix).all():
                raise DataError(f'cameras[{index}].{key}: expected {shape[0]} x {shape[1]} finite numbers')
            camera[key] = matrix
        cameras.append(camera)
    return cameras
