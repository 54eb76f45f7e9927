"""Select the views that each view of a scene is matched with: all others, or the two nearest in larger scenes.

Neighbours are indices of views (B, V, M), or None for all others (for a single view: itself). MVSplat's rule, as
extended by DepthSplat (CVPR 2025).
"""

import torch
from torch import Tensor

from mmmtl.geometry import camera_centres

MAX_ALL_VIEWS = 3
NUM_NEAREST = 2


def nearest_views(camera_T_world: Tensor) -> Tensor | None:
    """Return the two views of nearest camera centre for each view, (B, V, 2), from poses (B, V, 4, 4).

    None for scenes of up to three views, in which every view is matched with all others.
    """
    num_views = camera_T_world.shape[1]
    if num_views <= MAX_ALL_VIEWS:
        return None
    centres = camera_centres(camera_T_world)
    distances = (centres[:, :, None] - centres[:, None]).norm(dim=-1)  # (B, V, V)
    itself = torch.eye(num_views, dtype=torch.bool, device=distances.device)
    return distances.masked_fill(itself, torch.inf).topk(NUM_NEAREST, largest=False).indices


def take_neighbours(x: Tensor, neighbours: Tensor | None) -> Tensor:
    """Gather values (B, V, ...) of all views at the neighbours of each view, as (B, V, M, ...)."""
    num_views = x.shape[1]
    if neighbours is None:
        return torch.stack([x.roll(-step, dims=1) for step in range(1, num_views)] or [x], dim=2)
    first = torch.arange(len(x), device=x.device)[:, None, None] * num_views
    return x.flatten(0, 1).index_select(0, (first + neighbours).flatten()).unflatten(0, neighbours.shape)
