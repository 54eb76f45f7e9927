"""Geometric transforms of images, labels, intrinsics and poses; random ones use one draw for all views of a scene.

A transformed view has the entry ``moved``: files that were computed for the original image no longer match it. A
flipped view has the entry ``flipped``, which `PackViews` passes on.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmmtl.errors import ConfigError
from mmmtl.geometry import crop_intrinsics, flip_intrinsics, flip_pose, resize_intrinsics, scale_translation
from mmmtl.registry import TRANSFORMS
from mmmtl.tasks import Task
from mmmtl.tasks.label_resizing import resize_nearest


@TRANSFORMS.register_module()
class Resize(BaseTransform):
    """Resize every view to one size; labels are resized by `Task.resize`, and intrinsics are updated.

    Args:
        size: Output size (H, W) in pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size

    def transform(self, results: dict) -> dict:
        for view in results['views']:
            resize(view, self.size, results['tasks'])
        return results


@TRANSFORMS.register_module()
class RandomZoomCrop(BaseTransform):
    """Crop a random window of H/s x W/s and resize it to H x W: the augmentation of MTAN and MTPSL.

    Enlarged content appears nearer, so depth and the translations between views are divided by s, which keeps views,
    depths and poses consistent.

    Args:
        scales: Zoom factors s >= 1, drawn uniformly.

    Raises:
        ConfigError: ``scales`` is empty, or a factor is below 1.
    """

    def __init__(self, scales: Sequence[float] = (1.0, 1.2, 1.5)) -> None:
        if not scales or min(scales) < 1:
            raise ConfigError(f'RandomZoomCrop.scales must be numbers >= 1, found {scales}')
        self.scales = tuple(scales)

    def transform(self, results: dict) -> dict:
        scale, position = self.draw(results['rng'])
        for view in results['views']:
            zoom_crop(view, scale, position, results['tasks'])
        return results

    def draw(self, rng: np.random.Generator) -> tuple[float, tuple[float, float]]:
        """Draw a scale, and the relative position (vertical, horizontal) of the window, each in [0, 1)."""
        scale = self.scales[rng.integers(len(self.scales))]
        vertical, horizontal = rng.random(2)
        return scale, (vertical, horizontal)


@TRANSFORMS.register_module()
class RandomFlip(BaseTransform):
    """Flip all views of a scene horizontally, or none; a flipped image is a view of the mirrored world.

    The views of a rectified pair (`RectifiedPair`) are swapped, since the right camera is the left one in the mirrored
    world.

    Args:
        prob: Probability of a flip, in [0, 1].
    """

    def __init__(self, prob: float = 0.5) -> None:
        self.prob = prob

    def transform(self, results: dict) -> dict:
        if results['rng'].random() < self.prob:
            for view in results['views']:
                flip(view, results['tasks'])
            if results.get('rectified'):
                results['views'] = results['views'][::-1]
        return results


@TRANSFORMS.register_module()
class RandomSceneScale(BaseTransform):
    """Multiply the metric scale of scenes of several views by a random factor.

    A scene that is s times as large gives the same images if its cameras are s times as far apart. Depth and the
    translations of the poses are multiplied by s, so that only the poses determine the scale, not the appearance of
    objects. Scenes of one view are unchanged, since their pose has no scale.

    Args:
        scales: Minimum and maximum s > 0; log s is drawn uniformly.

    Raises:
        ConfigError: ``scales`` is not a range of positive numbers.
    """

    def __init__(self, scales: tuple[float, float] = (0.7, 1.4)) -> None:
        if len(scales) != 2 or not 0 < scales[0] <= scales[1] < np.inf:
            raise ConfigError(f'RandomSceneScale.scales must be (minimum, maximum) above 0, found {scales}')
        self.scales = scales

    def transform(self, results: dict) -> dict:
        if len(results['views']) > 1:
            scale = float(np.exp(results['rng'].uniform(*np.log(self.scales))))
            for view in results['views']:
                scale_scene(view, scale, results['tasks'])
        return results


def resize(view: dict, size: tuple[int, int], tasks: dict[str, Task], shrink: int = cv2.INTER_AREA) -> None:
    """Resize a view in place to (H, W), with the OpenCV interpolation ``shrink`` if the image becomes smaller."""
    height, width = view['image'].shape[:2]
    if (height, width) == tuple(size):
        return
    view['moved'] = True
    smaller = size[0] < height and size[1] < width
    view['image'] = cv2.resize(view['image'], size[::-1], interpolation=shrink if smaller else cv2.INTER_LINEAR)
    view['labels'] = {name: tasks[name].resize(label, size) for name, label in view['labels'].items()}
    if 'regions' in view:
        view['regions'] = resize_nearest(view['regions'], size)
    if 'intrinsics' in view:
        view['intrinsics'] = resize_intrinsics(view['intrinsics'], size[1] / width, size[0] / height)


def crop(view: dict, top: int, left: int, size: tuple[int, int]) -> None:
    """Crop a view in place to ``size`` (H, W) at (top, left)."""
    view['moved'] = True
    window = slice(top, top + size[0]), slice(left, left + size[1])
    view['image'] = view['image'][window]
    view['labels'] = {name: label[window] for name, label in view['labels'].items()}
    if 'regions' in view:
        view['regions'] = view['regions'][window]
    if 'intrinsics' in view:
        view['intrinsics'] = crop_intrinsics(view['intrinsics'], left, top)


def zoom_crop(
    view: dict, scale: float, position: tuple[float, float], tasks: dict[str, Task]
) -> tuple[int, int, int, int]:
    """Crop H/s x W/s from a view in place and resize it to H x W; return the window (top, left, height, width)."""
    height, width = view['image'].shape[:2]
    inner = max(1, int(height / scale)), max(1, int(width / scale))
    top = int(position[0] * (height - inner[0] + 1))
    left = int(position[1] * (width - inner[1] + 1))
    crop(view, top, left, inner)
    resize(view, (height, width), tasks)
    view['labels'] = {name: tasks[name].zoom(label, scale) for name, label in view['labels'].items()}
    if 'camera_T_world' in view:
        view['camera_T_world'] = scale_translation(view['camera_T_world'], 1 / scale)
    return top, left, *inner


def flip(view: dict, tasks: dict[str, Task]) -> None:
    """Flip a view horizontally in place."""
    view['moved'] = True
    view['flipped'] = not view.get('flipped', False)
    width = view['image'].shape[1]
    view['image'] = mirrored(view['image'])
    view['labels'] = {name: tasks[name].hflip(mirrored(label)) for name, label in view['labels'].items()}
    if 'regions' in view:
        view['regions'] = mirrored(view['regions'])
    if 'intrinsics' in view:
        view['intrinsics'] = flip_intrinsics(view['intrinsics'], width)
    if 'camera_T_world' in view:
        view['camera_T_world'] = flip_pose(view['camera_T_world'])


def mirrored(array: np.ndarray) -> np.ndarray:
    """Return a horizontally flipped, contiguous copy of an array (H, W) or (H, W, C)."""
    if array.dtype in (np.uint8, np.int16, np.int32, np.float32) and array.size:
        return cv2.flip(array, 1).reshape(array.shape)  # several times as fast as copying a view of negative stride
    return array[:, ::-1].copy()


def scale_scene(view: dict, scale: float, tasks: dict[str, Task]) -> None:
    """Multiply depth and the translation of the pose of a view by ``scale``, in place; the image is unchanged."""
    view['labels'] = {name: tasks[name].zoom(label, 1 / scale) for name, label in view['labels'].items()}
    if 'camera_T_world' in view:
        view['camera_T_world'] = scale_translation(view['camera_T_world'], scale)
