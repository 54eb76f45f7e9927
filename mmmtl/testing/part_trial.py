"""A neck or decode head to check, and random batches of scenes for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

import torch
from torch import Tensor

from mmmtl.models import BatchContext, DecodeHead, Neck
from mmmtl.tasks import Task

VIEWS = (2, 1, 2)  # scenes of a batch
Part = TypeVar('Part', bound=Neck | DecodeHead)
NOISE = 0.1  # added to parameters, as layers that start at 0 would hide what follows them


@dataclass(frozen=True)
class PartBatch:
    """Features of a batch and its context; for the shapes see `BatchContext`."""

    features: tuple[Tensor, ...]
    context: BatchContext

    def scenes(self, order: Sequence[int]) -> PartBatch:
        """Select scenes by index. If all of them have one view, the batch has no cameras."""
        views = self.context.views
        starts = [sum(views[:scene]) for scene in range(len(views))]
        rows = [starts[scene] + view for scene in order for view in range(views[scene])]
        chosen = tuple(views[scene] for scene in order)
        intrinsics, camera_T_world = self.context.intrinsics, self.context.camera_T_world
        context = replace(
            self.context,
            images=self.context.images[rows],
            views=chosen,
            intrinsics=None if intrinsics is None or max(chosen) == 1 else intrinsics[rows],
            camera_T_world=None if camera_T_world is None or max(chosen) == 1 else camera_T_world[rows],
        )
        return PartBatch(tuple(x[rows] for x in self.features), context)

    def leaves(self) -> PartBatch:
        """Return the same batch with features that collect gradients."""
        return replace(self, features=tuple(x.clone().requires_grad_() for x in self.features))

    def rows(self, scene: int) -> slice:
        """Return the images of a scene."""
        start = sum(self.context.views[:scene])
        return slice(start, start + self.context.views[scene])


class PartTrial(ABC, Generic[Part]):
    """A part to check.

    Args:
        tasks: The tasks by name.
        in_channels: Channels of the features.
        strides: Strides of the features.
    """

    base: ClassVar[type]
    """The base class of the parts."""

    def __init__(self, tasks: Mapping[str, Task], in_channels: Sequence[int], strides: Sequence[int]) -> None:
        self.tasks, self.in_channels, self.strides = tasks, tuple(in_channels), tuple(strides)

    @abstractmethod
    def build_part(self) -> Part:
        """Build the part as the model does."""

    @abstractmethod
    def outputs(self, part: Part, batch: PartBatch) -> dict[str, Tensor]:
        """Run the part, and return all tensors of its output by a name for messages."""

    def part(self, seed: int = 0) -> Part:
        """Build the part with noise on all parameters, after a check of its class."""
        torch.manual_seed(seed)
        part = self.build_part()
        assert isinstance(part, self.base), f'{type(part).__name__} is not a mmmtl.models.{self.base.__name__}'
        with torch.no_grad():
            for parameter in part.parameters():
                parameter.add_(NOISE * torch.randn_like(parameter))
        return part

    def sizes(self, part: Part) -> list[tuple[int, int]]:
        """Return image sizes that the part accepts: an even one and, if it accepts any, an odd one."""
        constraint = part.size_constraint
        if constraint.fixed is not None:
            return [constraint.fixed]
        step = constraint.multiple
        return [(-(-height // step) * step, -(-width // step) * step) for height, width in ((32, 48), (33, 71))]

    def batch(
        self, part: Part, size: tuple[int, int] | None = None, views: Sequence[int] = VIEWS, seed: int = 1
    ) -> PartBatch:
        """Return random features and images of scenes on a line of cameras.

        Args:
            part: The part that gets them; if it looks at one view at a time, every image is a scene.
            size: (H, W) of the images; the first of `sizes` by default.
            views: Number of views of each scene.
            seed: Random seed.
        """
        generator = torch.Generator().manual_seed(seed)
        height, width = size or self.sizes(part)[0]
        across = part.looks_across_views
        count = sum(views)
        intrinsics = camera_T_world = None
        if across and max(views) > 1:
            intrinsics = torch.tensor([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]]).repeat(count, 1, 1)
            camera_T_world = torch.eye(4).repeat(count, 1, 1)
            camera_T_world[:, 0, 3] = torch.linspace(0, 0.5, count)
        features = tuple(
            torch.randn(count, channels, -(-height // stride), -(-width // stride), generator=generator)
            for channels, stride in zip(self.in_channels, self.strides, strict=True)
        )
        images = torch.randn(count, 3, height, width, generator=generator)
        context = BatchContext(self.tasks, images, tuple(views) if across else (1,) * count, intrinsics, camera_T_world)
        return PartBatch(features, context)
