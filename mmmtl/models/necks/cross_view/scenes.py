"""Group the views of a batch by scene."""

import torch
from torch import Tensor

from mmmtl.errors import DataError
from mmmtl.models.necks.cross_view.cached_tensors import cached_tensors


def take_rows(x: Tensor, rows: Tensor) -> Tensor:
    """Gather the rows (B, V) of x (N, ...) as (B, V, ...)."""
    return x.index_select(0, rows.flatten()).unflatten(0, rows.shape)


@cached_tensors
def group_scenes(views: tuple[int, ...], device: torch.device) -> tuple[list[Tensor], Tensor]:
    """Group the scenes of a batch by their number of views.

    Cached per layout of a batch, so that only a new layout is copied to the device.

    Args:
        views: Number of views of each scene, in the order of the batch.
        device: Device of the result.

    Returns:
        For each number V of views that occurs, the rows (B_V, V) of its scenes; and the index that undoes the grouping.
    """
    starts = [sum(views[:scene]) for scene in range(len(views))]
    groups = [
        [[start + view for view in range(count)] for start, num in zip(starts, views, strict=True) if num == count]
        for count in sorted(set(views))
    ]
    rows = [row for group in groups for scene in group for row in scene]
    return [torch.tensor(group, device=device) for group in groups], torch.tensor(rows, device=device).argsort()


def check_scenes(views: tuple[int, ...], images: int, intrinsics: Tensor | None, camera_T_world: Tensor | None) -> None:
    """Check that the scenes make up the batch, and that those of several views have cameras.

    Raises:
        ValueError: The numbers of views do not add up to the number of images.
        DataError: Scenes of several views have no cameras, or cameras of a different shape.
    """
    if sum(views) != images or min(views) < 1:
        raise ValueError(f'views must be at least 1 per scene, {images} in total, found {list(views)}')
    if max(views) > 1:
        for name, camera, size in (('intrinsics', intrinsics, 3), ('camera_T_world', camera_T_world, 4)):
            if camera is None or camera.shape != (images, size, size):
                found = None if camera is None else tuple(camera.shape)
                raise DataError(
                    f'scenes of several views need {name} of shape ({images}, {size}, {size}), found {found}; '
                    f'views={views}'
                )
