"""Load the images, shown labels and cameras of a record."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from mmmtl.datasets.records import View
from mmmtl.datasets.transforms.rotated_cameras import is_rotation_invariant
from mmmtl.errors import DataError
from mmmtl.files.image_files import HOW_TO_ROTATE
from mmmtl.files.reading import read_oriented_image
from mmmtl.geometry import check_baseline, check_camera
from mmmtl.registry import TRANSFORMS
from mmmtl.tasks import Task


@TRANSFORMS.register_module()
class LoadViews(BaseTransform):
    """Load the views of a record; warn about views with the same camera centre.

    Reads ``record`` and ``tasks`` (the shown ones). Adds ``views``, a list of dicts with

    - ``image``: RGB (H, W, 3) uint8;
    - ``labels``: ``{task: (H, W) or (H, W, C)}``; classes are int16, `PackViews` converts them to int64;
    - ``img_path``;
    - ``orientation``: EXIF orientation that was applied to the image, 1 for none;
    - ``regions``: int32 (H, W), if the dataset was built with ``regions``;
    - ``intrinsics`` (3, 3) and ``camera_T_world`` (4, 4): float32 tensors, if the camera is known.

    Labels and regions must match the image after its EXIF rotation. The rotation must not change the
    intrinsics, and a rotated image must not be one of several posed views.

    Raises:
        DataError: A file is missing or damaged, or has a wrong shape, dtype or value.
    """

    def transform(self, results: dict) -> dict:
        record = results['record']
        results['views'] = [load_view(view, results['tasks']) for view in record.views]
        check_poses(results['views'])
        poses = [view['camera_T_world'] for view in results['views'] if 'camera_T_world' in view]
        if len(poses) > 1:
            try:
                check_baseline(torch.stack(poses), name=f'{record.name} ({results["views"][0]["img_path"]} ...)')
            except ValueError as error:  # useless for a cost volume, but the labels are valid
                warnings.warn(str(error), stacklevel=2)
        return results


def load_view(view: View, tasks: dict[str, Task]) -> dict:
    """Load one view with its labels of ``tasks``; see `LoadViews`.

    Raises:
        DataError: A file cannot be read, a label is invalid or differs in size, or the camera is incomplete or invalid.
    """
    image, orientation = read_oriented_image(view.image)
    rotated = _describe_rotation(orientation)
    labels = {}
    for name, task in tasks.items():
        if name not in view.labels:
            continue
        reader = view.labels[name]
        label = narrowed(reader.load(task), task)
        try:
            task.check(label)
        except ValueError as error:
            raise DataError(f'{reader.path}: {error}') from None
        if label.shape[:2] != image.shape[:2]:
            raise DataError(
                f'{reader.path}: {name} is {label.shape[0]} x {label.shape[1]}, but its image {view.image} '
                f'is {image.shape[0]} x {image.shape[1]}{rotated}'
            )
        labels[name] = label
    loaded: dict[str, Any] = {'image': image, 'labels': labels, 'img_path': str(view.image), 'orientation': orientation}
    if view.regions is not None:
        loaded['regions'] = view.regions.load()
        if loaded['regions'].shape != image.shape[:2]:
            raise DataError(
                f'{view.regions.path}: regions are {" x ".join(map(str, loaded["regions"].shape))}, but '
                f'their image {view.image} is {image.shape[0]} x {image.shape[1]}{rotated}; make them '
                'again with mmmtl regions'
            )
    if view.camera_T_world is not None:
        if view.intrinsics is None:
            raise DataError(f'{view.image}: has a pose but no intrinsics; give both or neither')
        loaded['camera_T_world'] = torch.as_tensor(view.camera_T_world, dtype=torch.float32)
    if view.intrinsics is not None:
        loaded['intrinsics'] = torch.as_tensor(view.intrinsics, dtype=torch.float32)
        try:
            check_camera(
                loaded['intrinsics'], loaded.get('camera_T_world', torch.eye(4)), image.shape[:2], name=str(view.image)
            )
        except ValueError as error:
            raise DataError(str(error)) from None
        if not is_rotation_invariant(np.asarray(view.intrinsics), orientation, image.shape[:2]):
            raise DataError(
                f'{view.image}: EXIF orientation {orientation} rotates the image, and it is unknown '
                f'whether its intrinsics hold before or after; {HOW_TO_ROTATE}, and check the intrinsics'
            )
    return loaded


def narrowed(label: np.ndarray, task: Task) -> np.ndarray:
    """Convert class indices to int16 if their values and the void value fit, for faster transforms."""
    if task.dtype.is_floating_point or label.dtype.kind not in 'iu' or not label.size:
        return label
    limits = np.iinfo(np.int16)
    fits = limits.min <= min(label.min(), task.void) and max(label.max(), task.void) <= limits.max
    return label.astype(np.int16, copy=False) if fits else label


def _describe_rotation(orientation: int) -> str:
    """Describe an EXIF rotation in an error message; empty if there is none."""
    return f' after its EXIF orientation {orientation}; {HOW_TO_ROTATE}' if orientation > 1 else ''


def check_poses(views: Sequence[Mapping]) -> None:
    """Check that no view of several posed ones is rotated by EXIF.

    Raises:
        DataError: A view is rotated.
    """
    posed = [view for view in views if 'camera_T_world' in view]
    rotated = next((view for view in posed if view['orientation'] > 1), None)
    if len(posed) > 1 and rotated:
        raise DataError(
            f'{rotated["img_path"]}: EXIF orientation {rotated["orientation"]} rotates the image, and it is '
            f'unknown whether its pose holds before or after; {HOW_TO_ROTATE}, and check the pose'
        )
