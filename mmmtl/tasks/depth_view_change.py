"""Change of depth with the camera."""

import torch
from torch import Tensor

from mmmtl.geometry import transform_points
from mmmtl.tasks.view_changes import ViewChange

MIN_PREDICTION = 1e-9  # metres; predicted depth is clamped to it in metrics and comparisons


class DepthViewChange(ViewChange):
    """Depth of the same point in the other camera; compared by the symmetric relative difference."""

    comparison = 'abs_rel'

    def to_view(self, values: Tensor, rays: Tensor, target_T_source: Tensor) -> Tensor:
        """Compute the z of the transformed points; 0 (void) for void depths and for points behind the camera."""
        target_depth = transform_points(values * rays, target_T_source)[:, 2:]
        return torch.where(values > 0, target_depth, 0).clamp(min=0)

    def compare(self, values: Tensor, others: Tensor) -> Tensor:
        """Compute |a - b| / ((|a| + |b|) / 2), which is symmetric and at most 2."""
        scale = (values.abs() + others.abs()).clamp(min=MIN_PREDICTION) / 2
        return ((values - others).abs() / scale)[:, 0]
