"""Scenes and cameras of a batch, for the parts of a network that look across views."""

from collections.abc import Callable, Sequence
from typing import TypedDict

import torch
from torch import Tensor

from mmmtl.errors import DataError
from mmmtl.structures import MultiTaskDataSample


class SceneCameras(TypedDict):
    """Arguments of a neck that looks across views.

    ``views`` is the number of views of each scene; None without samples: every image is a scene. ``intrinsics``
    (N, 3, 3), in pixels of the network's input, and ``camera_T_world`` (N, 4, 4) are None if no scene has several
    views.
    """

    views: tuple[int, ...] | None
    intrinsics: Tensor | None
    camera_T_world: Tensor | None


def scene_cameras(data_samples: Sequence[MultiTaskDataSample] | None) -> SceneCameras:
    """Collect the scenes and cameras of a batch.

    Images without samples, and samples without ``num_views``, are scenes with one view. If other scenes have several
    views, the scenes with one view get identity matrices, which are not used.

    Raises:
        DataError: A scene with several views lacks a camera, or its views differ in size.
    """
    if data_samples is None:
        return {'views': None, 'intrinsics': None, 'camera_T_world': None}
    views = tuple(sample.get('num_views', 1) for sample in data_samples if sample.get('view', 0) == 0)
    if max(views) == 1:
        return {'views': views, 'intrinsics': None, 'camera_T_world': None}
    check_view_sizes(data_samples)
    return {
        'views': views,
        'intrinsics': _stack_cameras(data_samples, 'intrinsics', lambda sample: sample.input_intrinsics),
        'camera_T_world': _stack_cameras(data_samples, 'camera_T_world', lambda sample: sample.camera_T_world),
    }


def _stack_cameras(
    data_samples: Sequence[MultiTaskDataSample], key: str, matrix_of: Callable[[MultiTaskDataSample], Tensor]
) -> Tensor:
    """Stack a matrix of all samples; the identity for scenes with one view."""
    matrices = []
    for sample in data_samples:
        if sample.get('num_views', 1) > 1 and key not in sample:
            raise DataError(
                f'{sample.img_path}: one of {sample.num_views} views of {sample.scene}, but it has no {key}; '
                'a network that looks across views needs the camera of every view'
            )
        matrices.append(matrix_of(sample) if sample.get('num_views', 1) > 1 else None)
    first = next(matrix for matrix in matrices if matrix is not None)
    identity = torch.eye(len(first), dtype=first.dtype, device=first.device)
    return torch.stack([identity if matrix is None else matrix for matrix in matrices])


def check_view_sizes(data_samples: Sequence[MultiTaskDataSample]) -> None:
    """Check that all views of a scene have one size.

    Raises:
        DataError: They differ; the message names the scene.
    """
    for index, first in enumerate(data_samples):
        count = first.get('num_views', 1) if first.get('view', 0) == 0 else 1
        sizes = [tuple(sample.img_shape) for sample in data_samples[index : index + count] if 'img_shape' in sample]
        if len(set(sizes)) > 1:
            raise DataError(
                f'{first.img_path}: the {count} views of {first.scene} differ in size, '
                f'{", ".join(f"{height} x {width}" for height, width in sizes)}; resize them to one size '
                'with Resize in the pipeline'
            )
