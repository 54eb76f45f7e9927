"""The contract of a neck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from mmengine.model import BaseModule
from torch import Tensor

from mmmtl.models.batch_context import BatchContext
from mmmtl.models.size_constraint import SizeConstraint
from mmmtl.tasks import Task


@dataclass(frozen=True)
class NeckOutput:
    """The output of a neck.

    Args:
        features: (N, out_channels[i], h_i, w_i), fine to coarse.
        aux: Auxiliary maps by name, of any shape, which consistency losses may read (`ConsistencyLoss.reads`); the
            names are those of `Neck.aux_names`.
    """

    features: tuple[Tensor, ...]
    aux: Mapping[str, Tensor] = field(default_factory=dict)


class Neck(BaseModule):
    """Base class of necks: features of the backbone -> features for the decode head. It passes them on unchanged.

    A subclass sets ``out_channels`` and ``strides`` in its constructor if they differ.

    Args:
        in_channels: Channels of the backbone's features, fine to coarse; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
    """

    looks_across_views: ClassVar[bool] = False
    """Whether the neck uses other views of a scene; the context then has views and cameras."""

    size_constraint: SizeConstraint = SizeConstraint()
    """Sizes of images that the neck accepts; any by default."""

    def __init__(self, in_channels: Sequence[int], strides: Sequence[int], *, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.out_channels: tuple[int, ...] = tuple(in_channels)
        self.strides: tuple[int, ...] = tuple(strides)

    @property
    def aux_names(self) -> frozenset[str]:
        """The names of `NeckOutput.aux`; known when the model is built, before any image is seen."""
        return frozenset()

    @property
    def depth_range(self) -> tuple[float, float] | None:
        """The nearest and farthest depth in metres at which the neck matches views; None if it does not match any."""
        return None

    def forward(self, features: tuple[Tensor, ...], context: BatchContext) -> NeckOutput:
        """Return features and auxiliary maps.

        Args:
            features: The backbone's features, fine to coarse.
            context: The batch.
        """
        return NeckOutput(features)

    def visual_maps(self, aux: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return maps (N, 1, h, w) to be drawn, computed from `NeckOutput.aux`; none by default."""
        return {}

    def visualizers(self, tasks: Mapping[str, Task]) -> dict[str, Any]:
        """Return objects with ``visualize``, ``legend`` and ``display`` for `visual_maps`, by name."""
        return {}
