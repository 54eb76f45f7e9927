"""Which frame of a video is looked at together with another: enough seen by both, and enough parallax."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from mmmtl.geometry import camera_centres, correspondences, overlap, relative_pose, resize_intrinsics, visible_pixels

ROWS = 60  # depth maps are thinned out to about so many rows before overlap is counted


@dataclass(frozen=True)
class PairRule:
    """What a good pair is.

    A frame's overlap with another is the share of its pixels of known depth that the other one sees, by a depth test;
    of the two directions the smaller counts. A wrong pose or depth makes it small, so bad pairs fall out by the same
    rule.

    Args:
        overlap: (least, most) share.
        baseline: (least, most) metres between the cameras.
        tries: Candidates whose depth is opened before a frame is given up.
        seed: Of the order in which candidates are tried.
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
    """For every frame its neighbour, or None where no candidate fits.

    A pure function of its arguments: candidates are those within the baseline, tried in an order drawn from the rule's
    seed, ``key`` and the frame's place.

    Args:
        camera_T_world: (F, 4, 4).
        intrinsics: (3, 3) of the depth maps.
        depth: Place of a frame -> (H, W) metres, 0 = unknown. Called at most once per frame.
        rule: What a good pair is.
        key: Names the sequence.
    """
    poses = torch.as_tensor(camera_T_world, dtype=torch.float64)
    centres = camera_centres(poses).numpy()
    thinned = cache(lambda place: thin_out(depth(place), intrinsics))
    chosen: list[int | None] = []
    for place, centre in enumerate(centres):
        distance = np.linalg.norm(centres - centre, axis=1)
        candidates = np.flatnonzero((distance >= rule.baseline[0]) & (distance <= rule.baseline[1]))
        order = np.random.default_rng([rule.seed, *key, place]).permutation(candidates)[: rule.tries]
        fitting = (
            int(other)
            for other in order
            if rule.overlap[0]
            <= mutual_overlap(thinned(place), thinned(int(other)), poses[place], poses[other])
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
    """The smaller of the two shares that one view sees of the other; a view is (depth (1, 1, H, W), intrinsics)."""
    fractions = []
    for (depth, own), (other_depth, other), pose, other_pose in (
        (first, second, first_T_world, second_T_world),
        (second, first, second_T_world, first_T_world),
    ):
        positions, expected = correspondences(depth, own, other, relative_pose(other_pose, pose)[None].float())
        fractions.append(overlap(visible_pixels(positions, expected, other_depth), depth).item())
    return min(fractions)


def thin_out(depth: np.ndarray, intrinsics: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Every n-th pixel of a depth map (H, W) as (1, 1, h, w), and its intrinsics (1, 3, 3)."""
    step = max(1, depth.shape[0] // ROWS)
    few = np.ascontiguousarray(depth[step // 2 :: step, step // 2 :: step], np.float32)
    scales = few.shape[1] / depth.shape[1], few.shape[0] / depth.shape[0]
    return (
        torch.from_numpy(few)[None, None],
        resize_intrinsics(torch.as_tensor(intrinsics, dtype=torch.float32), *scales)[None],
    )
