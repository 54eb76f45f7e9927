"""Transforms for rectified stereo pairs and pseudo labels."""

from pathlib import Path

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from mmmtl.datasets.label_readers.pseudo_disparity import read_confidence, read_pseudo_disparity
from mmmtl.datasets.label_readers.pseudo_labels import check_pair, pseudo_label_folder
from mmmtl.datasets.records import LabelFile
from mmmtl.errors import ConfigError, DataError
from mmmtl.registry import TRANSFORMS
from mmmtl.tasks import Confidence, Disparity, Task, build_tasks

STEREO_MAPS = {'disparity': Disparity('disparity'), 'confidence': Confidence('confidence')}


@TRANSFORMS.register_module()
class RectifiedPair(BaseTransform):
    """Check that the views are the left and the right image of a rectified pair, and mark them as such.

    Place it right after `LoadViews`. Later flips then swap the views, and the samples have the metainfo ``rectified``,
    by which stereo losses recognize them.

    Args:
        order: ``'check'`` to raise if the first view is the right one; ``'sort'`` to swap the views instead, for
            datasets that put the labelled camera first (`KITTI`).

    Raises:
        ConfigError: ``order`` is unknown.
        DataError: The views are not a rectified pair: wrong number, unknown cameras, not rectified, swapped, or a
            baseline of 0.
    """

    def __init__(self, order: str = 'check') -> None:
        if order not in ('check', 'sort'):
            raise ConfigError(f"RectifiedPair.order must be 'check' or 'sort', found {order!r}")
        self.order = order

    def transform(self, results: dict) -> dict:
        results['views'] = check_pair(results['views'], results['record'].name, sort=self.order == 'sort')
        results['rectified'] = True
        return results


@TRANSFORMS.register_module()
class LoadPseudoLabels(BaseTransform):
    """Load pseudo labels that ``mmmtl pseudo-disparity`` or ``mmmtl pseudo-semseg`` has written.

    ``disparity`` (in focal lengths, see `mmmtl.tasks.Disparity`) and ``confidence`` are added to the labels for stereo
    losses; they are not evaluated, and label settings do not hide them. Any other name is a task of the config, e.g.
    ``semseg``, whose pseudo labels are used for views without a label of their own.

    Place it after `LoadViews`, for disparities after `RectifiedPair`, and before geometric transforms. Files are named
    by record and index of the view, so the order of the views must be that at the time of writing.

    Args:
        folder: Folder of the pseudo labels; a relative path lies under ``MMMTL_CACHE`` or ``~/.cache/mmmtl``.
        names: Names of the maps to load.
        tasks: Tasks of the config, which sets them.

    Raises:
        ConfigError: A name is neither disparity, confidence nor a task.
        DataError: A file is missing, damaged or does not match the size of its image, or the image has been
            transformed before.
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
        views, folder = results['views'], pseudo_label_folder(self.folder) / results['record'].name
        if 'disparity' in self.tasks and not results.get('rectified'):
            raise DataError(
                f'{results["record"].name}: pseudo disparity needs a rectified pair; put RectifiedPair '
                'before LoadPseudoLabels'
            )
        if any(view.get('moved') for view in views):
            raise DataError(
                f'{results["record"].name}: its images have been transformed before their pseudo labels were '
                'loaded; put LoadPseudoLabels before flips, crops and resizes'
            )
        labelled = {
            name: {str(view.image) for view in results['record'].views if name in view.labels} for name in self.tasks
        }
        for index, view in enumerate(views):
            for name in self.tasks:
                if name not in STEREO_MAPS and view['img_path'] in labelled[name]:
                    continue  # its own label, shown or hidden
                path = folder / f'{index}_{name}.png'
                if name == 'disparity':
                    label = normalized_disparity(read_pseudo_disparity(path), [view['intrinsics'] for view in views])
                else:
                    label = read_confidence(path) if name == 'confidence' else read_classes(path, self.tasks[name])
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
    """Replace the image by the pseudo disparity, as input of a confidence network.

    The result is (H, W, 3) float32: the disparity in pixels, repeated three times, 0 where unknown. To pass it on
    without normalization, set ``mean=(0, 0, 0)``, ``std=(1 / 255,) * 3`` in the preprocessor.

    Raises:
        DataError: A view has no pseudo disparity.
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
    """Convert disparity in pixels (NaN = unknown) to focal lengths (0 = unknown), given both intrinsics."""
    with np.errstate(invalid='ignore'):
        lengths = (disparity + doffs_of(intrinsics)) / float(intrinsics[0][0, 0])
        return np.where(lengths > 0, lengths, 0).astype(np.float32)  # NaN > 0 is false


def doffs_of(intrinsics: list[torch.Tensor]) -> float:
    """Return cx of the right minus cx of the left view, in pixels."""
    return float(intrinsics[1][0, 2] - intrinsics[0][0, 2])


def read_classes(path: Path, task: Task) -> np.ndarray:
    """Read pseudo classes (H, W) of a task.

    Raises:
        DataError: The file is missing, or has values that the task does not allow.
    """
    if not path.is_file():
        raise DataError(f'{path}: no such pseudo label; create it with mmmtl pseudo-semseg')
    label = LabelFile(path).load(task)
    try:
        task.check(label)
    except ValueError as error:
        raise DataError(f'{path}: {error}') from None
    return label
