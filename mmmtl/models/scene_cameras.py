"""What parts that look across views need to know: which images belong to one scene, and their cameras."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmmtl.errors import DataError
from mmmtl.structures import MultiTaskDataSample


def scene_cameras(data_samples: Sequence[MultiTaskDataSample] | None) -> dict[str, tuple[int, ...] | Tensor | None]:
    """``views`` per scene, and ``intrinsics`` (N, 3, 3), ``camera_T_world`` (N, 4, 4) if any scene has several views.

    Images without samples, and samples that do not say, are scenes of their own; a view alone gets the identity, which
    nobody reads.

    Raises:
        DataError: A scene of several views lacks a camera, or its views are of different size.
    """
    if data_samples is None:
        return {'views': None, 'intrinsics': None, 'camera_T_world': None}
    views = tuple(sample.get('num_views', 1) for sample in data_samples if sample.get('view', 0) == 0)
    if max(views) == 1:
        return {'views': views, 'intrinsics': None, 'camera_T_world': None}
    check_view_sizes(data_samples)
    cameras = {}
    for name, read, size in (
        ('intrinsics', lambda sample: sample.input_intrinsics, 3),
        ('camera_T_world', lambda sample: sample.camera_T_world, 4),
    ):
        rows = []
        for sample in data_samples:
            if sample.get('num_views', 1) > 1 and name not in sample:
                raise DataError(
                    f'{sample.img_path}: one of {sample.num_views} views of {sample.scene}, but its {name} is not known'
                )
            rows.append(read(sample) if sample.get('num_views', 1) > 1 else None)
        known = next(row for row in rows if row is not None)
        lone = torch.eye(size, dtype=known.dtype, device=known.device)
        cameras[name] = torch.stack([lone if row is None else row for row in rows])
    return {'views': views, **cameras}


def check_view_sizes(data_samples: Sequence[MultiTaskDataSample]) -> None:
    """Raise DataError, naming the scene, if its views are of different size."""
    for place, first in enumerate(data_samples):
        count = first.get('num_views', 1) if first.get('view', 0) == 0 else 1
        sizes = [tuple(sample.img_shape) for sample in data_samples[place : place + count] if 'img_shape' in sample]
        if len(set(sizes)) > 1:
            raise DataError(
                f'{first.img_path}: the {count} views of {first.scene} are of different size, '
                f'{", ".join(f"{height} x {width}" for height, width in sizes)}; bring them to one size by '
                'Resize in the pipeline'
            )
