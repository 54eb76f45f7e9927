"""Moves in space: pixels, label values, intrinsics and poses together, all views of a scene by the same draw.

A view that has been moved says so (``moved``): whatever is kept on disk for its image fits it no more.
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
    """Every view to one size; labels as their tasks have it (`Task.resize`), intrinsics follow.

    Args:
        size: (H, W) in pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size

    def transform(self, results: dict) -> dict:
        for view in results['views']:
            resize(view, self.size, results['tasks'])
        return results


@TRANSFORMS.register_module()
class RandomZoomCrop(BaseTransform):
    """Cut out H/s x W/s and enlarge it to H x W, for an s drawn from ``scales``: the augmentation of MTAN and MTPSL.

    What is enlarged counts as nearer, so depth is divided by s; the translations between views are divided by it too,
    so that views, depths and poses still agree.

    Args:
        scales: Zoom factors >= 1, equally likely.
    """

    def __init__(self, scales: Sequence[float] = (1.0, 1.2, 1.5)) -> None:
        if not scales or min(scales) < 1:
            raise ConfigError(f'RandomZoomCrop.scales must be numbers >= 1, found {scales}')
        self.scales = tuple(scales)

    def transform(self, results: dict) -> dict:
        scale, place = self.draw(results['rng'])
        for view in results['views']:
            zoom_crop(view, scale, place, results['tasks'])
        return results

    def draw(self, rng: np.random.Generator) -> tuple[float, tuple[float, float]]:
        """A scale, and a place (down, right) among all windows of that scale, in [0, 1)."""
        scale = self.scales[rng.integers(len(self.scales))]
        return scale, tuple(rng.random(2))


@TRANSFORMS.register_module()
class RandomFlip(BaseTransform):
    """Mirror left and right, all views of a scene or none: a mirrored image is a view of the mirrored world.

    The views of a rectified pair (`RectifiedPair`) change places with it: what was seen from the right is seen from the
    left in the mirrored world.

    Args:
        prob: Probability, in [0, 1].
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


def resize(view: dict, size: tuple[int, int], tasks: dict[str, Task], shrink: int = cv2.INTER_AREA) -> None:
    """Resize a view in place to (H, W); ``shrink`` is how OpenCV makes an image smaller."""
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
    """Cut a view in place to ``size`` (H, W) from (top, left)."""
    view['moved'] = True
    window = slice(top, top + size[0]), slice(left, left + size[1])
    view['image'] = view['image'][window]
    view['labels'] = {name: label[window] for name, label in view['labels'].items()}
    if 'regions' in view:
        view['regions'] = view['regions'][window]
    if 'intrinsics' in view:
        view['intrinsics'] = crop_intrinsics(view['intrinsics'], left, top)


def zoom_crop(
    view: dict, scale: float, place: tuple[float, float], tasks: dict[str, Task]
) -> tuple[int, int, int, int]:
    """Cut H/s x W/s out of a view in place and enlarge it to H x W; the window (top, left, height, width)."""
    height, width = view['image'].shape[:2]
    inner = int(height / scale), int(width / scale)
    top = int(place[0] * (height - inner[0] + 1))
    left = int(place[1] * (width - inner[1] + 1))
    crop(view, top, left, inner)
    resize(view, (height, width), tasks)
    view['labels'] = {name: tasks[name].zoom(label, scale) for name, label in view['labels'].items()}
    if 'camera_T_world' in view:
        view['camera_T_world'] = scale_translation(view['camera_T_world'], 1 / scale)
    return top, left, *inner


def flip(view: dict, tasks: dict[str, Task]) -> None:
    """Mirror a view in place."""
    view['moved'] = True
    width = view['image'].shape[1]
    view['image'] = view['image'][:, ::-1]
    view['labels'] = {name: tasks[name].hflip(label[:, ::-1]) for name, label in view['labels'].items()}
    if 'regions' in view:
        view['regions'] = view['regions'][:, ::-1]
    if 'intrinsics' in view:
        view['intrinsics'] = flip_intrinsics(view['intrinsics'], width)
    if 'camera_T_world' in view:
        view['camera_T_world'] = flip_pose(view['camera_T_world'])
