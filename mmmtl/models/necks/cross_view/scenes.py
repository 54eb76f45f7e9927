"""Which rows of a batch axis are the views of one scene."""

import torch
from torch import Tensor

from mmmtl.models.necks.cross_view.cached_tensors import cached_tensors


def take_rows(x: Tensor, rows: Tensor) -> Tensor:
    """The rows (B, V) of x (N, ...), as (B, V, ...)."""
    return x.index_select(0, rows.flatten()).unflatten(0, rows.shape)


@cached_tensors
def scenes_by_views(views: tuple[int, ...], device: torch.device) -> tuple[list[Tensor], Tensor]:
    """Rows of the batch axis (B_V, V) for each number of views V that occurs, and the order that undoes the grouping.

    Kept for every layout of a batch, so that only a new layout has to be sent to the device.
    """
    starts = [sum(views[:scene]) for scene in range(len(views))]
    groups = [
        [[start + view for view in range(count)] for start, own in zip(starts, views, strict=True) if own == count]
        for count in sorted(set(views))
    ]
    rows = [row for group in groups for scene in group for row in scene]
    return [torch.tensor(group, device=device) for group in groups], torch.tensor(rows, device=device).argsort()
