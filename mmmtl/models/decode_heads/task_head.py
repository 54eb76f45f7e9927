"""The contract of a decode head of one task."""

from collections.abc import Mapping, Sequence

from mmengine.model import BaseModule
from torch import Tensor

from mmmtl.models.size_constraint import SizeConstraint


class TaskHead(BaseModule):
    """Base class of heads of one task, for `PerTaskHead`: features -> logits (N, out_channels, h, w).

    A head with intermediate predictions overrides `predictions` and sets ``stage_weights``.

    The constructor of a subclass takes ``in_channels`` and ``strides`` of the features, fine to coarse, and
    ``out_channels``, the channels of the logits; `PerTaskHead` passes all three.
    """

    size_constraint: SizeConstraint = SizeConstraint()
    """Sizes of images that the head accepts; any by default."""

    stage_weights: Mapping[str, float] = {}
    """Weights of the losses of intermediate predictions, by stage."""

    def predictions(self, features: Sequence[Tensor]) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Return the final logits, and intermediate ones by stage, both (N, out_channels, h, w)."""
        return self(features), {}
