"""Record -> views: the image, the labels that are shown, the camera."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from mmmtl.datasets.records import View
from mmmtl.datasets.transforms.turned_cameras import fits_both
from mmmtl.errors import DataError
from mmmtl.files.image_files import HOW_TO_TURN
from mmmtl.files.reading import read_turned_image
from mmmtl.geometry import check_baseline, check_camera
from mmmtl.registry import TRANSFORMS
from mmmtl.tasks import Task


@TRANSFORMS.register_module()
class LoadViews(BaseTransform):
    """Open the files of a record; warn of views that stand at the same place.

    Needs ``record`` and ``tasks`` (those shown). Adds ``views``, a list of dicts with ``image`` (H, W, 3) uint8 RGB,
    ``labels`` {task: (H, W) or (H, W, C)}, ``img_path``, where the data set was asked for them ``regions``, int32
    (H, W), and, where the camera is known, ``intrinsics`` (3, 3) and
    ``camera_T_world`` (4, 4) as float32 tensors.

    Images are turned as EXIF says, and labels and regions are those of the turned image; ``orientation`` is the tag,
    1 where nothing was turned. A camera that is not the same for the stored and the turned image is an error, and so
    are poses of several views of which one is turned.

    Raises:
        DataError: A file is missing, damaged, of the wrong shape or dtype, or holds values that the task forbids.
    """

    def transform(self, results: dict) -> dict:
        record = results['record']
        results['views'] = [load_view(view, results['tasks']) for view in record.views]
        check_poses(results['views'])
        poses = [view['camera_T_world'] for view in results['views'] if 'camera_T_world' in view]
        if len(poses) > 1:
            try:
                check_baseline(torch.stack(poses), name=f'{record.name} ({results["views"][0]["img_path"]} ...)')
            except ValueError as error:  # of no use to a cost volume, but nothing is wrong with the labels
                warnings.warn(str(error), stacklevel=2)
        return results


def load_view(view: View, tasks: dict[str, Task]) -> dict:
    """One view with the labels of ``tasks`` that it has."""
    image, orientation = read_turned_image(view.image)
    turned = described(orientation)
    labels = {}
    for name, task in tasks.items():
        if name not in view.labels:
            continue
        source = view.labels[name]
        label = source.load(task)
        try:
            task.check(label)
        except ValueError as error:
            raise DataError(f'{source.path}: {error}') from None
        if label.shape[:2] != image.shape[:2]:
            raise DataError(
                f'{source.path}: {name} is {label.shape[0]} x {label.shape[1]}, but its image {view.image} '
                f'is {image.shape[0]} x {image.shape[1]}{turned}'
            )
        labels[name] = label
    loaded = {'image': image, 'labels': labels, 'img_path': str(view.image), 'orientation': orientation}
    if view.regions is not None:
        loaded['regions'] = view.regions.load()
        if loaded['regions'].shape != image.shape[:2]:
            raise DataError(
                f'{view.regions.path}: regions are {" x ".join(map(str, loaded["regions"].shape))}, but '
                f'their image {view.image} is {image.shape[0]} x {image.shape[1]}{turned}; make them '
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
        if not fits_both(np.asarray(view.intrinsics), orientation, image.shape[:2]):
            raise DataError(
                f'{view.image}: EXIF orientation {orientation} turns the image, and its intrinsics do not '
                f'tell whether they are meant before or after; {HOW_TO_TURN}, and check the intrinsics'
            )
    return loaded


def described(orientation: int) -> str:
    """What an error adds about an image that EXIF has turned; nothing where it has not."""
    return f' as its EXIF orientation {orientation} turns it; {HOW_TO_TURN}' if orientation > 1 else ''


def check_poses(views: Sequence[Mapping]) -> None:
    """
    Raises:
        DataError: One of several views with poses is turned by EXIF.
    """
    posed = [view for view in views if 'camera_T_world' in view]
    turned = next((view for view in posed if view['orientation'] > 1), None)
    if len(posed) > 1 and turned:
        raise DataError(
            f'{turned["img_path"]}: EXIF orientation {turned["orientation"]} turns the image, and its pose '
            f'does not tell whether it is meant before or after; {HOW_TO_TURN}, and check the pose'
        )
