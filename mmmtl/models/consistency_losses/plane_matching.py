"""What a cost volume must learn first: that the plane of the true depth matches best."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.geometry import correspondences, relative_pose, visible_pixels
from mmmtl.models.consistency_losses.consistency_loss import ConsistencyLoss, connected_zero
from mmmtl.models.necks.cross_view.neighbours import nearest_views, take_neighbours
from mmmtl.models.necks.cross_view.scenes import scenes_by_views, take_rows
from mmmtl.models.scene_cameras import scene_cameras
from mmmtl.models.supervision_role import indices_for
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample


@MODELS.register_module()
class PlaneMatching(ConsistencyLoss):
    """Cross-entropy over the planes of `CrossViewModule`'s cost volume, with the true depth of what other views see.

        mean over pixels u of  -(1 - r) log p_k(u) - r log p_k+1(u),   p = softmax of C(u) over the planes

    where the true inverse depth lies the share r of the way from plane k to plane k + 1. Pixels count whose depth is
    known, lies between the first plane and the last, and is seen by a view that they are compared with: anywhere else
    there is nothing to match. A view alone has none.

    CvM (arXiv 2511.20646) starts from nothing but its tasks' losses, or from weights of a network that was trained to
    match (UniMatch, TPAMI 2023, by its own depth). This is for training where there are no such weights; ours.

    Args:
        tasks, in_channels, strides: Given by the model.
        depth: The task whose labels are metres.
        tolerance: Relative, up to which the depth of the other view agrees, see `mmmtl.geometry.visible_pixels`.
        kwargs: Those of `ConsistencyLoss`.

    Raises:
        ConfigError: There is no such task, or the model has no cost volume.
    """

    needs_matches = True

    def __init__(self, *args, depth: str = 'depth', tolerance: float = 0.05, **kwargs) -> None:
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
        matched: Mapping[str, Tensor],
    ) -> Tensor:
        """The term; ``matched``, from the neck, holds 'cost' (N, D, h, w) and the 'planes' (D,) in 1 / m."""
        cost, planes = matched['cost'].float(), matched['planes']
        cameras = scene_cameras(samples)
        if max(cameras['views']) == 1:
            total, count = connected_zero((cost,)), cost.new_zeros(())
        else:
            depth = self.seen_depth(targets[self.depth].float(), **cameras)
            depth = at_centres(depth, cost.shape[-2:]) * serving(samples, depth.device)
            total, count = plane_cross_entropy(cost, planes, depth)
        return self.mean(total, count)

    @torch.no_grad()
    def seen_depth(self, depth: Tensor, views: tuple[int, ...], intrinsics: Tensor, camera_T_world: Tensor) -> Tensor:
        """Depth (N, 1, H, W), 0 where no view that the pixel is compared with sees it."""
        seen = torch.zeros_like(depth)
        for rows in scenes_by_views(views, depth.device)[0]:
            if rows.shape[1] > 1:
                own, *camera = (take_rows(x, rows) for x in (depth, intrinsics.float(), camera_T_world.float()))
                seen[rows.flatten()] = (own * self.visible(own, *camera)).flatten(0, 1)
        return seen

    def visible(self, depth: Tensor, intrinsics: Tensor, camera_T_world: Tensor) -> Tensor:
        """Where views of depth (B, V, 1, H, W) are seen by a neighbour, bool of the same shape."""
        neighbours = nearest_views(camera_T_world)
        other_depth, other_intrinsics, other_pose = (
            take_neighbours(x, neighbours) for x in (depth, intrinsics, camera_T_world)
        )  # (B, V, M, ...)
        target_depth, target_intrinsics = (
            own[:, :, None].expand_as(other) for own, other in ((depth, other_depth), (intrinsics, other_intrinsics))
        )
        source_T_target = relative_pose(other_pose, camera_T_world[:, :, None])
        positions, expected = correspondences(
            *(x.flatten(0, 2) for x in (target_depth, target_intrinsics, other_intrinsics, source_T_target))
        )
        visible = visible_pixels(positions, expected, other_depth.flatten(0, 2), tolerance=self.tolerance)
        return visible.view(other_depth.shape).any(dim=2)


def plane_cross_entropy(cost: Tensor, planes: Tensor, depth: Tensor) -> tuple[Tensor, Tensor]:
    """Sum and count over the pixels with a depth (N, 1, h, w) > 0 between the planes (D,), of cost (N, D, h, w)."""
    inside = (depth * planes[0] <= 1) & (depth * planes[-1] >= 1) & (depth > 0)
    inverse = torch.where(inside, 1 / depth.clamp(min=1e-6), planes[0])
    place = (inverse - planes[0]) / (planes[1] - planes[0])  # planes are equally spaced
    lower = place.floor().clamp(0, len(planes) - 2)
    fraction = place - lower
    logarithms = cost.log_softmax(dim=1)
    below, above = (logarithms.gather(1, index.long()) for index in (lower, lower + 1))
    errors = torch.where(inside, -(1 - fraction) * below - fraction * above, 0)
    return errors.sum(), inside.sum().to(errors.dtype)


def at_centres(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Values (N, C, H, W) at the pixels in which the centres of a coarser map's cells lie, (N, C, *size)."""
    rows, columns = (
        ((torch.arange(cells, device=values.device) + 0.5) * round(length / cells)).long().clamp(max=length - 1)
        for length, cells in zip(values.shape[-2:], size, strict=True)
    )
    return values[..., rows[:, None], columns]


def serving(samples: Sequence[MultiTaskDataSample], device: torch.device) -> Tensor | int:
    """(N, 1, 1, 1): 1 for samples that serve consistency, 0 for the others."""
    indices = indices_for('consistency', samples)
    if len(indices) == len(samples):
        return 1
    chosen = torch.zeros(len(samples))
    chosen[indices] = 1
    return chosen.view(-1, 1, 1, 1).to(device, non_blocking=True)
