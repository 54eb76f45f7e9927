"""Geometric augmentation of SAK: random scale, random crop with a limit per class, padding."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmmtl.datasets.transforms.geometric import crop, resize
from mmmtl.errors import ConfigError
from mmmtl.geometry import pad_intrinsics, scale_translation
from mmmtl.registry import TRANSFORMS
from mmmtl.tasks import Task


@TRANSFORMS.register_module()
class RandomScale(BaseTransform):
    """Resize all views of a scene to int(s * H) x int(s * W), for s drawn uniformly from [lowest, highest).

    Images are resized bilinearly, without antialiasing as in SAK; labels by `Task.resize`. Enlarged content appears
    nearer, so depth and the translations between views are divided by s.

    Args:
        lowest: Smallest scale, > 0.
        highest: Largest scale.

    Raises:
        ConfigError: The scales are not 0 < ``lowest`` <= ``highest``.
    """

    def __init__(self, lowest: float = 0.5, highest: float = 2.0) -> None:
        if not 0 < lowest <= highest:
            raise ConfigError(f'RandomScale needs 0 < lowest <= highest, found {lowest} and {highest}')
        self.lowest, self.highest = lowest, highest

    def transform(self, results: dict) -> dict:
        tasks = results['tasks']
        scale = results['rng'].uniform(self.lowest, self.highest)
        for view in results['views']:
            height, width = view['image'].shape[:2]
            resize(view, (max(1, int(height * scale)), max(1, int(width * scale))), tasks, shrink=cv2.INTER_LINEAR)
            view['labels'] = {name: tasks[name].zoom(label, scale) for name, label in view['labels'].items()}
            if 'camera_T_world' in view:
                view['camera_T_world'] = scale_translation(view['camera_T_world'], 1 / scale)
        return results


@TRANSFORMS.register_module()
class RandomCropLimited(BaseTransform):
    """Crop H x W, or less where a view is smaller, at a random position where no class dominates.

    Positions are drawn until the most frequent class covers less than ``cat_max_ratio`` of the labelled pixels over all
    views of the scene, at most ``tries`` times; the last one is used. Scenes without labels of the task use the first.

    Args:
        size: Output size (H, W) in pixels.
        cat_max_ratio: Upper bound of the fraction of a class, in (0, 1].
        tries: Largest number of positions to try.
        task: Name of the task whose classes are counted.

    Raises:
        ConfigError: An option is out of range.
    """

    def __init__(
        self, size: tuple[int, int], cat_max_ratio: float = 0.75, tries: int = 10, task: str = 'semseg'
    ) -> None:
        if min(size) < 1 or not 0 < cat_max_ratio <= 1 or tries < 1:
            raise ConfigError(
                f'RandomCropLimited needs a positive size, cat_max_ratio in (0, 1] and at least 1 try, found '
                f'size {tuple(size)}, cat_max_ratio {cat_max_ratio}, tries {tries}'
            )
        self.size, self.cat_max_ratio, self.tries, self.task = tuple(size), cat_max_ratio, tries, task

    def transform(self, results: dict) -> dict:
        views = results['views']
        for _ in range(self.tries):
            position = results['rng'].random(2)
            windows = [self._window(view, position) for view in views]
            if not self._has_dominant_class(views, windows, results['tasks'].get(self.task)):
                break
        for view, (top, left, height, width) in zip(views, windows, strict=True):
            crop(view, top, left, (height, width))
        return results

    def _window(self, view: dict, position: np.ndarray) -> tuple[int, int, int, int]:
        """Return the window (top, left, height, width) at a relative position of a view."""
        height, width = (
            min(available, wanted) for available, wanted in zip(view['image'].shape, self.size, strict=False)
        )
        margin = view['image'].shape[0] - height, view['image'].shape[1] - width
        return int(position[0] * (margin[0] + 1)), int(position[1] * (margin[1] + 1)), height, width

    def _has_dominant_class(
        self, views: list[dict], windows: list[tuple[int, int, int, int]], task: Task | None
    ) -> bool:
        if task is None or not any(self.task in view['labels'] for view in views):
            return False
        labels = np.concatenate(
            [
                view['labels'][self.task][top : top + height, left : left + width].ravel()
                for view, (top, left, height, width) in zip(views, windows, strict=True)
                if self.task in view['labels']
            ]
        )
        counts = class_counts(labels, task.void)
        return counts.size < 2 or counts.max() >= self.cat_max_ratio * counts.sum()


def class_counts(labels: np.ndarray, void: float | None = None) -> np.ndarray:
    """Return how often each value of labels (N,) occurs, in the order of the values, without ``void``."""
    if not labels.size or labels.dtype.kind not in 'ui' or labels.min() < 0 or labels.max() >= 2**16:
        return np.unique(labels[labels != void] if void is not None else labels, return_counts=True)[1]
    counts = np.bincount(labels)  # much faster than sorting, which np.unique does
    return counts[(counts > 0) & (np.arange(len(counts)) != void)]


@TRANSFORMS.register_module()
class Pad(BaseTransform):
    """Pad every view to at least H x W, with its content centred (an odd row or column is added at the end).

    Labels are padded with their task's void. The default fill is the mean colour of ImageNet in integers, which is
    within 0.01 of 0 after normalization; SAK pads with exactly 0 after normalization.

    Args:
        size: Smallest output size (H, W) in pixels.
        fill: RGB of padded pixels.
    """

    def __init__(self, size: tuple[int, int], fill: tuple[int, int, int] = (124, 116, 104)) -> None:
        self.size, self.fill = (size[0], size[1]), (fill[0], fill[1], fill[2])

    def transform(self, results: dict) -> dict:
        for view in results['views']:
            pad(view, self.size, self.fill, results['tasks'])
        return results


def pad(view: dict, size: tuple[int, int], fill: tuple[int, int, int], tasks: dict[str, Task]) -> None:
    """Pad a view in place to at least ``size`` (H, W)."""
    height, width = view['image'].shape[:2]
    extra_rows, extra_columns = max(size[0] - height, 0), max(size[1] - width, 0)
    top, left = extra_rows // 2, extra_columns // 2
    if not (extra_rows or extra_columns):
        return
    view['moved'] = True

    def frame(values: np.ndarray, border: float | np.ndarray) -> np.ndarray:
        padded = np.empty((height + extra_rows, width + extra_columns, *values.shape[2:]), values.dtype)
        padded[...] = border
        padded[top : top + height, left : left + width] = values
        return padded

    view['image'] = frame(view['image'], np.asarray(fill, np.uint8))
    view['labels'] = {name: frame(label, tasks[name].void) for name, label in view['labels'].items()}
    if 'regions' in view:
        view['regions'] = frame(view['regions'], -1)
    if 'intrinsics' in view:
        view['intrinsics'] = pad_intrinsics(view['intrinsics'], left, top)
