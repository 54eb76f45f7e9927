"""Record -> views: the image, the labels that are shown, the camera."""

import warnings

import torch
from mmcv.transforms import BaseTransform

from mmmtl.datasets.records import View, read_image
from mmmtl.errors import DataError
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

    Raises:
        DataError: A file is missing, damaged, of the wrong shape or dtype, or holds values that the task forbids.
    """

    def transform(self, results: dict) -> dict:
        record = results['record']
        results['views'] = [load_view(view, results['tasks']) for view in record.views]
        poses = [view['camera_T_world'] for view in results['views'] if 'camera_T_world' in view]
        if len(poses) > 1:
            try:
                check_baseline(torch.stack(poses), name=f'{record.name} ({results["views"][0]["img_path"]} ...)')
            except ValueError as error:  # of no use to a cost volume, but nothing is wrong with the labels
                warnings.warn(str(error), stacklevel=2)
        return results


def load_view(view: View, tasks: dict[str, Task]) -> dict:
    """One view with the labels of ``tasks`` that it has."""
    image = read_image(view.image)
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
            raise DataError(f'{source.path}: {name} is {label.shape[0]} x {label.shape[1]}, but its image {view.image} '
                            f'is {image.shape[0]} x {image.shape[1]}')
        labels[name] = label
    loaded = {'image': image, 'labels': labels, 'img_path': str(view.image)}
    if view.regions is not None:
        loaded['regions'] = view.regions.load()
        if loaded['regions'].shape != image.shape[:2]:
            raise DataError(f'{view.regions.path}: regions are {" x ".join(map(str, loaded["regions"].shape))}, but '
                            f'their image {view.image} is {image.shape[0]} x {image.shape[1]}; make them again with '
                            'tools/generate_regions.py')
    if view.camera_T_world is not None:
        if view.intrinsics is None:
            raise DataError(f'{view.image}: has a pose but no intrinsics; give both or neither')
        loaded['camera_T_world'] = torch.as_tensor(view.camera_T_world, dtype=torch.float32)
    if view.intrinsics is not None:
        loaded['intrinsics'] = torch.as_tensor(view.intrinsics, dtype=torch.float32)
        try:
            check_camera(loaded['intrinsics'], loaded.get('camera_T_world', torch.eye(4)), image.shape[:2],
                         name=str(view.image))
        except ValueError as error:
            raise DataError(str(error)) from None
    return loaded
