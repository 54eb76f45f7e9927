"""The base class of backbones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from mmengine.model import BaseModule

from mmmtl.models.colours import Colours
from mmmtl.models.size_constraint import SizeConstraint


class Backbone(BaseModule):
    """Base class of backbones: images (N, 3, H, W) -> a tuple of features (N, out_channels[i], h_i, w_i).

    Features are ordered fine to coarse; h_i and w_i are H / strides[i] and W / strides[i], rounded. A subclass sets
    ``out_channels`` and ``strides`` in its constructor.
    """

    needs_tasks: ClassVar[bool] = False
    """Whether the constructor takes ``tasks``, the task names. The features then begin with one per task, or with
    an equal number of them per task, task by task."""

    out_channels: tuple[int, ...]
    """Channels of the features."""

    strides: tuple[int, ...]
    """Strides of the features."""

    imitations: Mapping[str, tuple[int, ...]] = {}
    """Indices of the features that imitate another network, by the name of this teacher; see `FeatureDistillation`."""

    size_constraint: SizeConstraint = SizeConstraint()
    """Sizes of images that the backbone accepts; any by default."""

    input_size: tuple[int, int] | None = None
    """Size (H, W) to which the backbone resizes all images, so that its features have one size; None if it does not."""

    colours: Colours | None = None
    """Normalization of images that pretrained weights need; None for any."""
