"""The moves of SAK's recipe: scale by chance, crop where no class fills the picture, pad to the size of the network."""

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
    """Resize by an s drawn from [lowest, highest), to int(s * H) x int(s * W).

    The image bilinearly, without smoothing when it shrinks, as the recipe has it; labels as their tasks have it. What
    is enlarged counts as nearer: depth and the translations between views are divided by s.

    Args:
        lowest: Smallest factor, > 0.
        highest: Largest factor.
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
    """Cut out H x W, or all there is where a view is smaller, at a place where no class covers too much.

    Places are drawn until the largest class has less than ``largest_share`` of the labelled pixels (over all views of
    the scene), at most ``tries`` times; the last one is taken. Scenes that do not show the task take the first.

    Args:
        size: (H, W) in pixels.
        largest_share: In (0, 1].
        tries: How many places are looked at.
        task: Whose classes are counted.
    """

    def __init__(
        self, size: tuple[int, int], largest_share: float = 0.75, tries: int = 10, task: str = 'semseg'
    ) -> None:
        if min(size) < 1 or not 0 < largest_share <= 1 or tries < 1:
            raise ConfigError(
                f'RandomCropLimited needs a positive size, a share in (0, 1] and at least 1 try, found '
                f'size {tuple(size)}, largest_share {largest_share}, tries {tries}'
            )
        self.size, self.largest_share, self.tries, self.task = tuple(size), largest_share, tries, task

    def transform(self, results: dict) -> dict:
        views = results['views']
        for _ in range(self.tries):
            place = results['rng'].random(2)
            windows = [self._window(view, place) for view in views]
            if not self._too_much(views, windows, results['tasks'].get(self.task)):
                break
        for view, (top, left, height, width) in zip(views, windows, strict=True):
            crop(view, top, left, (height, width))
        return results

    def _window(self, view: dict, place: np.ndarray) -> tuple[int, int, int, int]:
        """(top, left, height, width): the same share of what is too much is cut off every view."""
        height, width = (min(have, want) for have, want in zip(view['image'].shape, self.size, strict=False))
        spare = view['image'].shape[0] - height, view['image'].shape[1] - width
        return int(place[0] * (spare[0] + 1)), int(place[1] * (spare[1] + 1)), height, width

    def _too_much(self, views: list[dict], windows: list[tuple[int, int, int, int]], task: Task | None) -> bool:
        if task is None or not any(self.task in view['labels'] for view in views):
            return False
        seen = np.concatenate(
            [
                view['labels'][self.task][top : top + height, left : left + width].ravel()
                for view, (top, left, height, width) in zip(views, windows, strict=True)
                if self.task in view['labels']
            ]
        )
        counts = np.unique(seen[seen != task.void], return_counts=True)[1]
        return counts.size < 2 or counts.max() >= self.largest_share * counts.sum()


@TRANSFORMS.register_module()
class Pad(BaseTransform):
    """Every view to at least H x W, its content in the middle (an odd row or column goes to the end).

    Labels get their task's void. The default fill is ImageNet's mean colour in whole grey levels, which normalising
    takes to within 0.01 of 0; the recipe pads with exactly 0 after normalising.

    Args:
        size: (H, W) in pixels.
        fill: RGB of the new pixels.
    """

    def __init__(self, size: tuple[int, int], fill: tuple[int, int, int] = (124, 116, 104)) -> None:
        self.size, self.fill = tuple(size), tuple(fill)

    def transform(self, results: dict) -> dict:
        for view in results['views']:
            pad(view, self.size, self.fill, results['tasks'])
        return results


def pad(view: dict, size: tuple[int, int], fill: tuple[int, int, int], tasks: dict[str, Task]) -> None:
    """Pad a view in place to at least ``size`` (H, W)."""
    height, width = view['image'].shape[:2]
    down, across = max(size[0] - height, 0), max(size[1] - width, 0)
    top, left = down // 2, across // 2
    if not (down or across):
        return
    view['moved'] = True

    def frame(values: np.ndarray, border: float | np.ndarray) -> np.ndarray:
        framed = np.empty((height + down, width + across, *values.shape[2:]), values.dtype)
        framed[...] = border
        framed[top : top + height, left : left + width] = values
        return framed

    view['image'] = frame(view['image'], np.asarray(fill, np.uint8))
    view['labels'] = {name: frame(label, tasks[name].void) for name, label in view['labels'].items()}
    if 'regions' in view:
        view['regions'] = frame(view['regions'], -1)
    if 'intrinsics' in view:
        view['intrinsics'] = pad_intrinsics(view['intrinsics'], left, top)
