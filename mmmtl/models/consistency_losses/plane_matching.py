"""Supervise the cost volume: the plane at the true depth should match best."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.geometry import correspondences, relative_pose, visible_pixels
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss
from mmmtl.models.necks.cross_view.neighbours import nearest_views, take_neighbours
from mmmtl.models.necks.cross_view.scenes import group_scenes, take_rows
from mmmtl.models.scene_cameras import scene_cameras
from mmmtl.models.supervision_role import indices_for
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample


@MODELS.register_module()
class PlaneMatching(ConsistencyLoss):
    """Cross-entropy over the planes of `CrossViewModule`'s cost volume, from the true depth.

        mean over pixels u of  -(1 - r) log p_k(u) - r log p_k+1(u),   p = softmax of C(u) over the planes

    where the true inverse depth lies between plane k and plane k + 1, at fraction r. A pixel counts if its depth is
    known, lies between the first plane and the last, and is visible in a view that it is compared with. Scenes of one
    view have no such pixel.

    CvM (arXiv 2511.20646) trains with the task losses alone, or starts from weights of a network that was trained to
    match (UniMatch, TPAMI 2023). This loss, our own, is for training without such weights.

    Args:
        tasks: The model's tasks, by name; passed by the model.
        in_channels: Channels of the backbone's features; passed by the model.
        strides: Strides of the backbone's features; passed by the model.
        depth: Name of a task of metric depth, whose labels are used.
        tolerance: Relative depth difference up to which a pixel counts as visible in another view, see
            `mmmtl.geometry.visible_pixels`.
        **kwargs: ``weight`` and ``init_cfg`` of `ConsistencyLoss`.

    Raises:
        ConfigError: ``depth`` is not a task of metric depth.
    """

    compares_labels = False
    reads = ('cost', 'planes', 'stride')

    def __init__(self, *args: Any, depth: str = 'depth', tolerance: float = 0.05, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if depth not in self.tasks or self.tasks[depth].quantity != 'depth':
            raise ConfigError(
                f'PlaneMatching.depth must be a task of metric depth, found {depth!r}; the tasks are '
                f'{", ".join(self.tasks)}'
            )
        self.depth, self.tolerance = depth, tolerance

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Mapping[str, Tensor],
        features: Sequence[Tensor],
        samples: Sequence[MultiTaskDataSample],
        cost: Tensor | None = None,
        planes: Tensor | None = None,
        stride: Tensor | None = None,
    ) -> Tensor:
        """Return the term.

        Args:
            logits: Not used.
            targets: ``{task: (N, target_channels, H, W)}``.
            features: Not used.
            samples: N views.
            cost: Costs (N, D, h, w) of the neck.
            planes: Inverse depths (D,) of the planes in 1 / m.
            stride: Stride of the cost, a scalar.
        """
        assert cost is not None and planes is not None and stride is not None, 'the model passes what `reads` names'
        cost = cost.float()
        cameras = scene_cameras(samples)
        views, intrinsics, camera_T_world = cameras['views'], cameras['intrinsics'], cameras['camera_T_world']
        if views is None or intrinsics is None or camera_T_world is None:  # no scene of several views
            return self.mean(cost[:0].sum(), cost.new_zeros(()))
        depth = self.visible_depth(targets[self.depth].float(), views, intrinsics, camera_T_world)
        depth = at_pixel_centres(depth, (cost.shape[-2], cost.shape[-1]), stride)
        total, count = plane_cross_entropy(cost, planes, depth * role_mask(samples, depth.device))
        return self.mean(total, count)

    @torch.no_grad()
    def visible_depth(
        self, depth: Tensor, views: tuple[int, ...], intrinsics: Tensor, camera_T_world: Tensor
    ) -> Tensor:
        """Set depth (N, 1, H, W) to 0 where a pixel is visible in no view that it is compared with.

        Args:
            depth: Depth of all views in metres.
            views: Number of views of each scene.
            intrinsics: (N, 3, 3) in pixels of the depth.
            camera_T_world: (N, 4, 4).
        """
        visible = torch.zeros_like(depth)
        for rows in group_scenes(views, depth.device)[0]:
            if rows.shape[1] > 1:
                scene_depth, *cameras = (
                    take_rows(x, rows) for x in (depth, intrinsics.float(), camera_T_world.float())
                )
                visible[rows.flatten()] = (scene_depth * self.visibility(scene_depth, *cameras)).flatten(0, 1)
        return visible

    def visibility(self, depth: Tensor, intrinsics: Tensor, camera_T_world: Tensor) -> Tensor:
        """Return whether pixels of depth (B, V, 1, H, W) are visible in a neighbouring view, bool of that shape."""
        neighbours = nearest_views(camera_T_world)
        other_depth, other_intrinsics, other_pose = (
            take_neighbours(x, neighbours) for x in (depth, intrinsics, camera_T_world)
        )  # (B, V, M, ...)
        target_depth = depth[:, :, None].expand_as(other_depth)
        target_intrinsics = intrinsics[:, :, None].expand_as(other_intrinsics)
        source_T_target = relative_pose(other_pose, camera_T_world[:, :, None])
        positions, expected = correspondences(
            *(x.flatten(0, 2) for x in (target_depth, target_intrinsics, other_intrinsics, source_T_target))
        )
        visible = visible_pixels(positions, expected, other_depth.flatten(0, 2), tolerance=self.tolerance)
        return visible.view(other_depth.shape).any(dim=2)


def plane_cross_entropy(cost: Tensor, planes: Tensor, depth: Tensor) -> tuple[Tensor, Tensor]:
    """Sum the cross-entropy over the pixels whose depth is positive and lies between the planes.

    Args:
        cost: (N, D, h, w).
        planes: Inverse depths (D,) in 1 / m, equally spaced, the farthest first.
        depth: (N, 1, h, w) in metres, 0 where unknown.

    Returns:
        The sum, and the number of these pixels.
    """
    inside = (depth * planes[0] <= 1) & (depth * planes[-1] >= 1) & (depth > 0)
    inverse = torch.where(inside, 1 / depth.clamp(min=1e-6), planes[0])
    position = (inverse - planes[0]) / (planes[1] - planes[0])
    lower = position.floor().clamp(0, len(planes) - 2)
    fraction = position - lower
    logarithms = cost.log_softmax(dim=1)
    below, above = (logarithms.gather(1, index.long()) for index in (lower, lower + 1))
    errors = torch.where(inside, -(1 - fraction) * below - fraction * above, 0)
    return errors.sum(), inside.sum().to(errors.dtype)


def at_pixel_centres(values: Tensor, size: tuple[int, int], stride: Tensor) -> Tensor:
    """Sample (N, C, H, W) at the pixels that contain the pixel centres of a coarser map, as (N, C, *size).

    Pixel centres outside of the values, which lie in the padding of the image, get 0.
    """
    rows, columns = (((torch.arange(coarse, device=values.device) + 0.5) * stride).long() for coarse in size)
    height, width = values.shape[-2:]
    inside = (rows < height)[:, None] & (columns < width)
    sampled = values[..., rows.clamp(max=height - 1)[:, None], columns.clamp(max=width - 1)]
    return torch.where(inside, sampled, 0)


def role_mask(samples: Sequence[MultiTaskDataSample], device: torch.device) -> Tensor | int:
    """Return 1 for samples with the role ``'consistency'`` and 0 for others, (N, 1, 1, 1); the int 1 if all have it."""
    indices = indices_for('consistency', samples)
    if len(indices) == len(samples):
        return 1
    mask = torch.zeros(len(samples))
    mask[indices] = 1
    return mask.view(-1, 1, 1, 1).to(device, non_blocking=True)
