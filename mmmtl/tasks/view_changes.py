"""Optional: how another camera would state a task's map, and whether the maps of two views agree."""

from abc import ABC, abstractmethod

from torch import Tensor


class ViewChange(ABC):
    """From one camera to another."""

    comparison: str  # the name of what `compare` measures, e.g. 'abs_rel'

    @abstractmethod
    def to_view(self, values: Tensor, rays: Tensor, target_T_source: Tensor) -> Tensor:
        """A final map (N, C, H, W) of the source camera, pixel by pixel as the target camera would state it.

        The pixels stay where they are; only the values change.

        Args:
            values: (N, C, H, W).
            rays: (N, 3, H, W), the source camera's points at depth 1, as `mmmtl.geometry.view_rays` gives them.
            target_T_source: (N, 4, 4).
        """

    @abstractmethod
    def compare(self, values: Tensor, others: Tensor) -> Tensor:
        """Two final maps (N, C, H, W) of one camera -> (N, H, W): the number that ``comparison`` names, per pixel."""


class SameFromEverywhere(ViewChange):
    """What a pixel shows does not depend on the camera; compared by |a - b|."""

    comparison = 'abs'

    def to_view(self, values: Tensor, rays: Tensor, target_T_source: Tensor) -> Tensor:
        return values

    def compare(self, values: Tensor, others: Tensor) -> Tensor:
        return (values - others).abs().mean(1)
