"""The base class of backbones."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import ClassVar

from mmengine.model import BaseModule
from torch import nn

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

    def members(self, name: str) -> dict[str, nn.Module]:
        """Return the members of all lists of modules with this name, such as the ``blocks`` of a ViT, by their path."""
        lists = {path: module for path, module in self.named_modules() if path.rpartition('.')[2] == name}
        return {f'{path}.{key}': member for path, module in lists.items() for key, member in module.named_children()}

    def recomputing(self) -> AbstractContextManager[None]:
        """Return a context, to be entered any number of times, that restores the state of this forward pass.

        In it, a part of the backbone can be run again in the backward pass; see `ActivationCheckpointingHook`.
        """
        return nullcontext()
