"""Information about a batch that the parts of a model receive besides its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from mmmtl.models.scene_cameras import scene_cameras
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Task


@dataclass(frozen=True)
class BatchContext:
    """The batch that a neck and a decode head work on.

    Args:
        tasks: The model's tasks, by name.
        images: (N, 3, H, W), normalized and, where a part constrains the size, padded at the right and at the bottom.
        views: Number of views of each scene, N in total; the views of a scene are consecutive in the batch. All are 1
            unless a part of the model looks across views.
        intrinsics: (N, 3, 3) in pixels of ``images``; None if no scene has several views. Scenes with one view have
            identity matrices, which are not used.
        camera_T_world: (N, 4, 4), world to camera; None if no scene has several views, the identity for scenes with
            one view.
    """

    tasks: Mapping[str, Task]
    images: Tensor
    views: tuple[int, ...]
    intrinsics: Tensor | None = None
    camera_T_world: Tensor | None = None

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of the images, (H, W)."""
        return self.images.shape[-2], self.images.shape[-1]

    @classmethod
    def of(
        cls,
        tasks: Mapping[str, Task],
        images: Tensor,
        samples: Sequence[MultiTaskDataSample] | None = None,
        *,
        across_views: bool = False,
    ) -> BatchContext:
        """Describe a batch; intrinsics are scaled to the size of the network's input.

        Args:
            tasks: The model's tasks, by name.
            images: (N, 3, H, W).
            samples: N samples, which name scenes and cameras; None if every image is a scene.
            across_views: Whether a part looks across views. If not, cameras are not read, and every image is a scene.

        Raises:
            DataError: A part looks across views, and a scene with several views lacks a camera, or its views differ in
                size.
        """
        if not across_views or samples is None:
            return cls(tasks, images, (1,) * len(images))
        cameras = scene_cameras(samples)
        assert cameras['views'] is not None, 'scene_cameras returns the views of all samples'
        return cls(tasks, images, cameras['views'], cameras['intrinsics'], cameras['camera_T_world'])
