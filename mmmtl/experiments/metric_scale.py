"""Measure whether the scale of predicted depth follows the poses of the cameras."""

import math
from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import cast

import torch
from torch import Tensor

from mmmtl.errors import ConfigError, DataError
from mmmtl.geometry import correspondences, relative_pose, scale_translation, visible_pixels
from mmmtl.metrics.cross_view_metric import group_by_scene
from mmmtl.models import MultiTaskModel
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks.depth_view_change import MIN_PREDICTION

FACTORS = (0.8, 0.9, 1.0, 1.1, 1.25)


@torch.no_grad()
def metric_scale_slopes(
    model: MultiTaskModel,
    batches: Iterable[dict],
    *,
    factors: Sequence[float] = FACTORS,
    task: str = 'depth',
    tolerance: float = 0.05,
) -> dict[str, float]:
    """Compute the slope of log depth against log s, where s multiplies the baselines of the poses.

    The images stay the same. A network whose depth follows the poses predicts s times the depth, which is slope 1; one
    that ignores them has slope 0. The least-squares slope is computed per pixel, over the pixels that are visible in
    another view of the scene by ground truth depth, and averaged over these pixels.

    Args:
        model: The network; set to evaluation mode here.
        batches: Batches of a data loader, with ground truth depth and cameras. Scenes of one view are skipped.
        factors: Values of s > 0, at least two different ones.
        task: Name of the task of metric depth.
        tolerance: Relative depth difference up to which a pixel is visible in another view, see `visible_pixels`.

    Returns:
        ``{scene: mean slope}``; scenes whose views show no common point are skipped.

    Raises:
        ConfigError: There is no such task of metric depth, or ``factors`` are too few or not positive.
        DataError: No two views show the same point.
    """
    if task not in model.tasks or model.tasks[task].quantity != 'depth':
        raise ConfigError(f'task must be metric depth, found {task!r}; the tasks are {", ".join(model.tasks)}')
    if min(factors, default=0) <= 0 or len(set(factors)) < 2:
        raise ConfigError(f'factors must be at least two different numbers above 0, found {tuple(factors)}')
    model.eval()
    logarithms = torch.tensor([math.log(factor) for factor in factors], dtype=torch.float64)
    centred = logarithms - logarithms.mean()
    weights = centred / centred.square().sum()  # slope = sum of weight * log depth
    slopes: dict[str, float] = {}
    for batch in batches:
        samples: Sequence[MultiTaskDataSample] = batch['data_samples']
        scenes = cast(list[list[MultiTaskDataSample]], group_by_scene(samples))
        views = [sample for scene in scenes for sample in scene]
        poses = [sample.camera_T_world for sample in views]
        slope: dict[int, Tensor] = {}
        for factor, weight in zip(factors, weights.tolist(), strict=True):
            for sample, pose in zip(views, poses, strict=True):
                sample.camera_T_world = scale_translation(pose, factor)
            for sample, prediction in zip(samples, model.test_step(batch), strict=True):
                logarithm = prediction.pred.get(task).cpu().double().clamp(min=MIN_PREDICTION).log()
                slope[id(sample)] = slope.get(id(sample), 0) + weight * logarithm
        for sample, pose in zip(views, poses, strict=True):
            sample.camera_T_world = pose
        for scene in scenes:
            visible = visible_in_others(scene, task, tolerance)
            values = torch.cat([slope[id(view)][seen] for view, seen in zip(scene, visible, strict=True)])
            if len(values):
                slopes[scene[0].scene] = values.mean().item()
    if not slopes:
        raise DataError(f'no two views of a scene show the same point; use overlapping views with ground truth {task}')
    return slopes


def visible_in_others(scene: Sequence[MultiTaskDataSample], task: str, tolerance: float) -> list[Tensor]:
    """Return for every view of a scene which pixels are visible in another one, each bool (1, H, W)."""
    visible = [torch.zeros_like(view.gt.get(task), dtype=torch.bool) for view in scene]
    for index, other in permutations(range(len(scene)), 2):
        target, source = scene[index], scene[other]
        positions, expected = correspondences(
            target.gt.get(task)[None],
            target.intrinsics[None],
            source.intrinsics[None],
            relative_pose(source.camera_T_world, target.camera_T_world)[None],
        )
        visible[index] |= visible_pixels(positions, expected, source.gt.get(task)[None], tolerance=tolerance)[0]
    return visible
