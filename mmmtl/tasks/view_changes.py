"""Conversion of maps between cameras, and comparison of the maps of two views."""

from abc import ABC, abstractmethod

from torch import Tensor


class ViewChange(ABC):
    """Conversion of maps of a task from one camera to another."""

    comparison: str
    """Name of the metric that `compare` returns, e.g. ``'abs_rel'``."""

    @abstractmethod
    def to_view(self, values: Tensor, rays: Tensor, target_T_source: Tensor) -> Tensor:
        """Convert the values of a prediction or target to the target camera.

        Pixels keep their positions in the source image; only their values change.

        Args:
            values: (N, C, H, W) of the source camera.
            rays: (N, 3, H, W), the points at depth 1 in the frame of the source camera, see `mmmtl.geometry.view_rays`.
            target_T_source: (N, 4, 4), metres.

        Returns:
            (N, C, H, W); void pixels stay void.
        """

    @abstractmethod
    def compare(self, values: Tensor, others: Tensor) -> Tensor:
        """Compare two maps (N, C, H, W) in the same camera, per pixel.

        Returns:
            (N, H, W), the metric `comparison`, >= 0, such as the relative difference of depths or the angle between
            normals in degrees. Undefined at void pixels.
        """


class ViewInvariant(ViewChange):
    """Values that do not depend on the camera; compared by |a - b|, the mean over the channels."""

    comparison = 'abs'

    def to_view(self, values: Tensor, rays: Tensor, target_T_source: Tensor) -> Tensor:
        return values

    def compare(self, values: Tensor, others: Tensor) -> Tensor:
        return (values - others).abs().mean(1)
