"""A neck or decode head to check, and random batches of scenes for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from mmmtl.models import BatchContext, SizeConstraint
from mmmtl.tasks import Task

VIEWS = (2, 1, 2)  # scenes of a batch
NOISE = 0.1  # added to parameters, as layers that start at 0 would hide what follows them


@dataclass(frozen=True)
class PartBatch:
    """Features of a batch and its context; for the shapes see `BatchContext`."""

    features: tuple[Tensor, ...]
    context: BatchContext

    def scenes(self, order: Sequence[int]) -> PartBatch:
        """Select scenes by index. Scenes of one view alone have no cameras."""
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

    def rows(self, scene: int) -> slice:
        """Return the images of a scene."""
        start = sum(self.context.views[:scene])
        return slice(start, start + self.context.views[scene])


class PartTrial(ABC):
    """A part to check.

    Args:
        tasks: The tasks by name.
        in_channels: Channels of the features.
        strides: Strides of the features.
    """

    def __init__(self, tasks: Mapping[str, Task], in_channels: Sequence[int], strides: Sequence[int]) -> None:
        self.tasks, self.in_channels, self.strides = tasks, tuple(in_channels), tuple(strides)

    @abstractmethod
    def build_part(self) -> nn.Module:
        """Build the part as the model does."""

    @abstractmethod
    def looks_across_views(self, part: nn.Module) -> bool:
        """Whether the part uses other views of a scene."""

    @abstractmethod
    def constraint(self, part: nn.Module) -> SizeConstraint:
        """Return the image sizes that the part accepts."""

    @abstractmethod
    def outputs(self, part: nn.Module, batch: PartBatch) -> dict[str, Tensor]:
        """Run the part, and return all tensors of its output by a name for messages."""

    def part(self, seed: int = 0) -> nn.Module:
        """Build the part with noise on all parameters."""
        torch.manual_seed(seed)
        part = self.build_part()
        with torch.no_grad():
            for parameter in part.parameters():
                parameter.add_(NOISE * torch.randn_like(parameter))
        return part

    def sizes(self, part: nn.Module) -> list[tuple[int, int]]:
        """Return image sizes that the part accepts: an even one and, if it accepts any, an odd one."""
        constraint = self.constraint(part)
        if constraint.fixed is not None:
            return [constraint.fixed]
        step = constraint.multiple
        return [(-(-height // step) * step, -(-width // step) * step) for height, width in ((32, 48), (33, 71))]

    def batch(
        self, part: nn.Module, size: tuple[int, int] | None = None, views: Sequence[int] = VIEWS, seed: int = 1
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
        across = self.looks_across_views(part)
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
