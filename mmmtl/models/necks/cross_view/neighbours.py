"""Which views of a scene look at which: all others up to three views, the two nearest above.

Neighbours travel as indices of views (B, V, M), or as None where every view looks at all others, and a lone view at
itself. MVSplat's rule as DepthSplat (CVPR 2025) extends it.
"""

import torch
from torch import Tensor

from mmmtl.geometry import camera_centres

ALL_UP_TO = 3
NEAREST = 2


def nearest_views(camera_T_world: Tensor) -> Tensor | None:
    """The two views (B, V, 2) whose camera centres are nearest to each view's, from poses (B, V, 4, 4)."""
    views = camera_T_world.shape[1]
    if views <= ALL_UP_TO:
        return None
    centres = camera_centres(camera_T_world)
    distances = (centres[:, :, None] - centres[:, None]).norm(dim=-1)  # (B, V, V)
    itself = torch.eye(views, dtype=torch.bool, device=distances.device)
    return distances.masked_fill(itself, torch.inf).topk(NEAREST, largest=False).indices


def take_neighbours(x: Tensor, neighbours: Tensor | None) -> Tensor:
    """What belongs to every view's neighbours, (B, V, M, ...), from what belongs to the views, (B, V, ...)."""
    views = x.shape[1]
    if neighbours is None:
        return torch.stack([x.roll(-step, dims=1) for step in range(1, views)] or [x], dim=2)
    first = torch.arange(len(x), device=x.device)[:, None, None] * views
    return x.flatten(0, 1).index_select(0, (first + neighbours).flatten()).unflatten(0, neighbours.shape)
