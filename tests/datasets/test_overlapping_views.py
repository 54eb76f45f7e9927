"""Pairs: enough seen by both, enough parallax, the same choice every time, a wrong pose is no neighbour."""

import numpy as np
import pytest
import torch

from mmmtl.datasets.overlapping_views import PairRule, choose_neighbours, mutual_overlap, subsample_depth

HEIGHT, WIDTH, WALL = 48, 64, 2.0
INTRINSICS = np.array([[60.0, 0, WIDTH / 2], [0, 60, HEIGHT / 2], [0, 0, 1]])
SPAN = WIDTH / 60 * WALL  # metres of the wall that a camera sees


def looking_at_a_wall(*sideways: float) -> np.ndarray:
    """Cameras (F, 4, 4) beside each other, all 2 m before a wall."""
    poses = np.tile(np.eye(4), (len(sideways), 1, 1))
    poses[:, 0, 3] = [-place for place in sideways]
    return poses


def wall(place: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH), WALL, np.float32)


@pytest.mark.parametrize('shift', [0.0, 0.3, 0.8])
def test_overlap_in_front_of_a_wall_equals_its_closed_form(shift):
    first, second = torch.from_numpy(looking_at_a_wall(0, shift)).double()
    view = subsample_depth(wall(0), INTRINSICS)
    assert mutual_overlap(view, view, first, second) == pytest.approx(1 - shift / SPAN, abs=1 / WIDTH)


def test_the_smaller_direction_counts():
    near, far = subsample_depth(wall(0) / 2, INTRINSICS), subsample_depth(wall(0), INTRINSICS)
    poses = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    poses[0, 2, 3] = -1  # the near camera stands 1 m further forward and sees a quarter of the wall
    assert mutual_overlap(near, far, *poses) == pytest.approx(0.25, abs=0.03)
    assert mutual_overlap(far, near, *poses.flip(0)) == pytest.approx(0.25, abs=0.03)


def test_baseline_and_overlap_are_kept():
    # 0: too near to 1; 2: a good neighbour of 0 and 1; 3: far enough for none
    poses = looking_at_a_wall(0, 0.01, 0.25, 3)
    rule = PairRule(overlap=(0.6, 0.95), baseline=(0.05, 0.30))
    assert choose_neighbours(poses, INTRINSICS, wall, rule)[0:2] == [2, 2]
    assert choose_neighbours(poses, INTRINSICS, wall, rule)[2] in (0, 1)
    assert choose_neighbours(poses, INTRINSICS, wall, rule)[3] is None
    too_much = PairRule(overlap=(0.6, 0.8), baseline=(0.05, 0.30))  # 0.25 m leave 88 %
    assert choose_neighbours(poses, INTRINSICS, wall, too_much) == [None] * 4


def test_a_wrong_pose_is_rejected():
    poses = looking_at_a_wall(0, 0.25)
    rule = PairRule(overlap=(0.6, 0.95))
    assert choose_neighbours(poses, INTRINSICS, wall, rule) == [1, 0]
    poses[1, 2, 3] = 0.2  # the wall would stand 20 cm nearer than it measures
    assert choose_neighbours(poses, INTRINSICS, wall, rule) == [None, None]


def test_the_choice_is_a_function_of_seed_and_key():
    poses = looking_at_a_wall(*np.arange(0, 2, 0.06))
    choose = {
        seed: [choose_neighbours(poses, INTRINSICS, wall, PairRule(seed=seed), key=(key,)) for key in (0, 0, 1)]
        for seed in (0, 1)
    }
    assert choose[0][0] == choose[0][1] != choose[0][2] != choose[1][0]
    offsets = {other - place for place, other in enumerate(choose[0][0]) if other is not None}
    assert len(offsets) > 1  # not always the same neighbour


def test_every_depth_is_opened_at_most_once_and_few_are_tried():
    poses = looking_at_a_wall(*np.arange(0, 1, 0.01))
    opened = []

    def count(place: int) -> np.ndarray:
        opened.append(place)
        return wall(place)

    assert choose_neighbours(poses, INTRINSICS, count, PairRule(overlap=(0.1, 0.2), tries=2)) == [None] * 100
    assert len(opened) == len(set(opened))


def test_pairs_of_rooms_satisfy_baseline_and_overlap(rooms):
    dataset = rooms(view_mode='all')
    views = dataset.records[0].views
    depths = [view.labels['depth'].load(dataset.tasks['depth']) for view in views]
    poses = np.stack([view.camera_T_world for view in views])
    fractions = mutual_overlap(
        *(subsample_depth(depth, views[0].intrinsics) for depth in depths), *torch.as_tensor(poses, dtype=torch.float64)
    )
    distance = np.linalg.norm(np.linalg.inv(poses[0])[:3, 3] - np.linalg.inv(poses[1])[:3, 3])
    wide = PairRule(overlap=(fractions - 0.01, fractions + 0.01), baseline=(distance - 0.01, distance + 0.01))
    assert choose_neighbours(poses, views[0].intrinsics, depths.__getitem__, wide) == [1, 0]
    narrow = PairRule(overlap=(fractions + 0.01, 1.0), baseline=(distance - 0.01, distance + 0.01))
    assert choose_neighbours(poses, views[0].intrinsics, depths.__getitem__, narrow) == [None, None]
