"""Choose pairs of video frames that overlap enough and have enough parallax."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from mmmtl.geometry import camera_centres, correspondences, overlap, relative_pose, resize_intrinsics, visible_pixels

MAX_ROWS = 60  # depth maps are subsampled to about this many rows before the overlap is measured


@dataclass(frozen=True)
class PairRule:
    """Requirements for a pair of frames.

    The overlap of one frame with another is the fraction of its pixels with known depth that are visible in the other
    frame, determined by a depth test; the smaller of both directions counts. A wrong pose or depth lowers the overlap,
    so the same rule rejects bad pairs.

    Args:
        overlap: (min, max) overlap, fractions in [0, 1].
        baseline: (min, max) distance between the cameras in metres.
        tries: Number of candidates to test per frame before it is left without a neighbour.
        seed: Seed of the order in which candidates are tested.
    """

    overlap: tuple[float, float] = (0.6, 0.9)
    baseline: tuple[float, float] = (0.05, 0.30)
    tries: int = 10
    seed: int = 0


def choose_neighbours(
    camera_T_world: np.ndarray,
    intrinsics: np.ndarray,
    depth: Callable[[int], np.ndarray],
    rule: PairRule,
    key: Sequence[int] = (),
) -> list[int | None]:
    """Return the index of a neighbour for every frame, or None if no candidate satisfies the rule.

    The result is a pure function of the arguments: candidates within the baseline are tested in an order drawn from
    the rule's seed, ``key`` and the index of the frame.

    Args:
        camera_T_world: Poses (F, 4, 4).
        intrinsics: Intrinsics (3, 3) of the depth maps.
        depth: Function from the index of a frame to its depth (H, W) in metres, 0 = unknown; called at most once per
            frame.
        rule: Requirements for a pair.
        key: Integers that identify the sequence.
    """
    poses = torch.as_tensor(camera_T_world, dtype=torch.float64)
    centres = camera_centres(poses).numpy()
    subsampled = cache(lambda index: subsample_depth(depth(index), intrinsics))
    chosen: list[int | None] = []
    for index, centre in enumerate(centres):
        distance = np.linalg.norm(centres - centre, axis=1)
        candidates = np.flatnonzero((distance >= rule.baseline[0]) & (distance <= rule.baseline[1]))
        order = np.random.default_rng([rule.seed, *key, index]).permutation(candidates)[: rule.tries]
        fitting = (
            int(other)
            for other in order
            if rule.overlap[0]
            <= mutual_overlap(subsampled(index), subsampled(int(other)), poses[index], poses[other])
            <= rule.overlap[1]
        )
        chosen.append(next(fitting, None))
    return chosen


def mutual_overlap(
    first: tuple[torch.Tensor, torch.Tensor],
    second: tuple[torch.Tensor, torch.Tensor],
    first_T_world: torch.Tensor,
    second_T_world: torch.Tensor,
) -> float:
    """Return the smaller of both overlaps of two views, each given as (depth (1, 1, H, W), intrinsics (1, 3, 3))."""
    fractions = []
    for (depth, intrinsics), (other_depth, other_intrinsics), pose, other_pose in (
        (first, second, first_T_world, second_T_world),
        (second, first, second_T_world, first_T_world),
    ):
        positions, expected = correspondences(
            depth, intrinsics, other_intrinsics, relative_pose(other_pose, pose)[None].float()
        )
        fractions.append(overlap(visible_pixels(positions, expected, other_depth), depth).item())
    return min(fractions)


def subsample_depth(depth: np.ndarray, intrinsics: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Return every n-th pixel of a depth map (H, W) as (1, 1, h, w), and the matching intrinsics (1, 3, 3)."""
    step = max(1, depth.shape[0] // MAX_ROWS)
    sampled = np.ascontiguousarray(depth[step // 2 :: step, step // 2 :: step], np.float32)
    scales = sampled.shape[1] / depth.shape[1], sampled.shape[0] / depth.shape[0]
    return (
        torch.from_numpy(sampled)[None, None],
        resize_intrinsics(torch.as_tensor(intrinsics, dtype=torch.float32), *scales)[None],
    )
