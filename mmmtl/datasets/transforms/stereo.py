"""Rectified stereo pairs on their way through the pipeline, and the labels that nobody drew."""

from pathlib import Path

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from mmmtl.datasets.label_readers.pseudo_disparity import (
    computed_folder,
    pair_of,
    read_probability,
    read_pseudo_disparity,
)
from mmmtl.datasets.records import LabelFile
from mmmtl.errors import ConfigError, DataError
from mmmtl.registry import TRANSFORMS
from mmmtl.tasks import Confidence, Disparity, Task, build_tasks

STEREO_MAPS = {'disparity': Disparity('disparity'), 'confidence': Confidence('confidence')}


@TRANSFORMS.register_module()
class RectifiedPair(BaseTransform):
    """Checks that the views are the left and the right image of a rectified pair, and marks them as such.

    Comes right after `LoadViews`. From then on a flip swaps the views, and the samples say ``rectified``, by which the
    stereo losses know them.

    Args:
        order: ``'check'``: it is an error if the second camera stands left of the first; ``'sort'``: the views are put
            in order, for data sets that put the labelled camera first (`KITTI`).

    Raises:
        DataError: Not two views, no cameras, not rectified, swapped, or a baseline of 0.
    """

    def __init__(self, order: str = 'check') -> None:
        if order not in ('check', 'sort'):
            raise ConfigError(f"RectifiedPair.order must be 'check' or 'sort', found {order!r}")
        self.order = order

    def transform(self, results: dict) -> dict:
        results['views'] = pair_of(results['views'], results['record'].name, sort=self.order == 'sort')
        results['rectified'] = True
        return results


@TRANSFORMS.register_module()
class LoadPseudoLabels(BaseTransform):
    """Maps that a matcher or another network has computed, by ``mmmtl pseudo-disparity`` or ``mmmtl pseudo-semseg``.

    ``disparity`` (in focal lengths, see `mmmtl.tasks.Disparity`) and ``confidence`` come beside the labels: they are no
    labels to be judged by, no label setting hides them, and the stereo losses find them in the samples. Any other name
    is a task of the config whose pseudo labels stand in where a view has no label of its own, e.g. ``semseg``.

    Comes after `LoadViews`, and after `RectifiedPair` for disparities, before anything moves the images. Files are
    named after the record, so views must be in the order in which they were when the files were written.

    Args:
        folder: Relative names are looked for under ``MMMTL_CACHE``, or ``~/.cache/mmmtl``.
        names: Which maps.
        tasks: Those of the config; given by it.

    Raises:
        ConfigError: A name is neither of the two nor a task.
        DataError: A file is missing, damaged or of another size than its image, or the image has been moved before.
    """

    def __init__(
        self,
        folder: str,
        names: tuple[str, ...] = ('disparity', 'confidence'),
        tasks: dict[str, dict | Task] | None = None,
    ) -> None:
        known = {**(build_tasks(tasks) if tasks else {}), **STEREO_MAPS}
        unknown = sorted(set(names) - set(known))
        if unknown:
            raise ConfigError(
                f'LoadPseudoLabels.names: {", ".join(unknown)} is neither disparity, confidence nor a '
                'task of the config'
            )
        self.folder, self.tasks = folder, {name: known[name] for name in names}

    def transform(self, results: dict) -> dict:
        views, folder = results['views'], computed_folder(self.folder) / results['record'].name
        if 'disparity' in self.tasks and not results.get('rectified'):
            raise DataError(
                f'{results["record"].name}: pseudo disparity needs a rectified pair; put RectifiedPair '
                'before LoadPseudoLabels'
            )
        if any(view.get('moved') for view in views):
            raise DataError(
                f'{results["record"].name}: its images have been moved before their pseudo labels were '
                'loaded; put LoadPseudoLabels before flips, crops and resizes'
            )
        labelled = {
            name: {str(view.image) for view in results['record'].views if name in view.labels} for name in self.tasks
        }
        for number, view in enumerate(views):
            for name in self.tasks:
                if name not in STEREO_MAPS and view['img_path'] in labelled[name]:
                    continue  # its own label, shown or hidden
                path = folder / f'{number}_{name}.png'
                if name == 'disparity':
                    label = normalized_disparity(read_pseudo_disparity(path), [view['intrinsics'] for view in views])
                else:
                    label = read_probability(path) if name == 'confidence' else read_classes(path, self.tasks[name])
                if label.shape[:2] != view['image'].shape[:2]:
                    raise DataError(
                        f'{path}: {name} is {label.shape[0]} x {label.shape[1]}, but its image '
                        f'{view["img_path"]} is {view["image"].shape[0]} x {view["image"].shape[1]}'
                    )
                view['labels'] = {**view['labels'], name: label}
        results['tasks'] = {**results['tasks'], **self.tasks}
        return results


@TRANSFORMS.register_module()
class DisparityImage(BaseTransform):
    """The pseudo disparity takes the place of the image: what a network that judges matches looks at.

    (H, W, 3) float32, three times the disparity in pixels, 0 where there is none. Nothing normalises it if the
    preprocessor has ``mean=(0, 0, 0)``, ``std=(1 / 255,) * 3``.
    """

    def transform(self, results: dict) -> dict:
        doffs = doffs_of([view.get('intrinsics') for view in results['views']])
        for view in results['views']:
            if 'disparity' not in view['labels']:
                raise DataError(f'{view["img_path"]}: no pseudo disparity; put LoadPseudoLabels before DisparityImage')
            lengths = view['labels']['disparity']
            pixels = np.where(lengths > 0, lengths * np.float32(view['intrinsics'][0, 0]) - np.float32(doffs), 0)
            view['image'] = np.repeat(pixels[..., None].astype(np.float32), 3, 2)
        return results


def normalized_disparity(disparity: np.ndarray, intrinsics: list[torch.Tensor]) -> np.ndarray:
    """Pixels with NaN for unknown -> focal lengths, 0 where unknown; ``intrinsics`` of left and right."""
    with np.errstate(invalid='ignore'):
        lengths = (disparity + doffs_of(intrinsics)) / float(intrinsics[0][0, 0])
        return np.where(lengths > 0, lengths, 0).astype(np.float32)  # NaN > 0 is false


def doffs_of(intrinsics: list[torch.Tensor]) -> float:
    """cx of the right view minus cx of the left one, pixels."""
    return float(intrinsics[1][0, 2] - intrinsics[0][0, 2])


def read_classes(path: Path, task: Task) -> np.ndarray:
    """(H, W) classes of a task that has classes.

    Raises:
        DataError: The file is missing, or holds what the task forbids.
    """
    if not path.is_file():
        raise DataError(f'{path}: no such pseudo label; write it by mmmtl pseudo-semseg')
    label = LabelFile(path).load(task)
    try:
        task.check(label)
    except ValueError as error:
        raise DataError(f'{path}: {error}') from None
    return label
