"""What every task must keep between views and on the way back to logits, whichever it is."""

import pytest
import torch
from every_task import ALL, every_task, labels, some_logits
from torch import Tensor

from mmmtl.geometry import back_project, transform_points, view_rays
from mmmtl.tasks import Depth, Normal


@every_task
def test_labels_survive_the_conversion_to_logits(task):
    target = labels(task)
    known = task.valid(target)[:, None]
    values = task.to_values(target)
    assert not values.masked_select(~known).any()
    back = task.predict(task.to_logits(values.float()))
    torch.testing.assert_close(torch.where(known, back, 0), torch.where(known, target, 0), atol=1e-4, rtol=0)


of_every_view = pytest.mark.parametrize('task', [task for task in ALL.values() if task.view_change])


@of_every_view
def test_a_map_agrees_with_itself(task):
    target = torch.where(task.valid(labels(task))[:, None], labels(task), 0)
    prediction = task.predict(some_logits(task, target))
    same, other = task.view_change.compare(target, target), task.view_change.compare(target, prediction)
    assert same.shape == other.shape == (3, 5, 7)
    known = task.valid(labels(task))
    perfect_value = 1.0 if task.view_change.comparison == 'agreement' else 0.0
    assert (same[known] == perfect_value).all() and (other[known] != perfect_value).any()


def camera(degrees: float, shift: tuple[float, float, float]) -> Tensor:
    """(1, 4, 4): target_T_source that turns around y and moves."""
    angle = torch.tensor(degrees, dtype=torch.float64).deg2rad()
    pose = torch.eye(4, dtype=torch.float64)
    pose[0, 0] = pose[2, 2] = angle.cos()
    pose[0, 2], pose[2, 0] = angle.sin(), -angle.sin()
    pose[:3, 3] = torch.tensor(shift)
    return pose[None]


@of_every_view
def test_seen_from_the_same_camera_nothing_changes_and_there_and_back(task):
    target = labels(task, images=1).double() if task.dtype.is_floating_point else labels(task, images=1)
    intrinsics = torch.tensor([[[6.0, 0, 3.5], [0, 6.0, 2.5], [0, 0, 1]]], dtype=torch.float64)
    rays = view_rays(intrinsics, 5, 7)
    same = task.view_change.to_view(target, rays, camera(0, (0, 0, 0)))
    torch.testing.assert_close(same, target)
    moved = task.view_change.to_view(target, rays, camera(20, (0.1, 0, 0.4)))
    assert moved.shape == target.shape
    assert (torch.equal(moved, target)) == (not isinstance(task, Depth | Normal))


def test_depth_is_restated_as_the_z_of_the_same_point():
    task, pose = ALL['depth'], camera(20, (0.1, -0.2, 0.4))
    depth = labels(task, images=1).double()
    intrinsics = torch.tensor([[[6.0, 0, 3.5], [0, 6.0, 2.5], [0, 0, 1]]], dtype=torch.float64)
    moved = task.view_change.to_view(depth, view_rays(intrinsics, 5, 7), pose)
    expected = transform_points(back_project(depth, intrinsics), pose)[:, 2:].clamp(min=0)
    torch.testing.assert_close(moved, torch.where(depth > 0, expected, 0))
    assert (moved[depth == 0] == 0).all() and (moved[depth > 0] != depth[depth > 0]).all()
    behind = task.view_change.to_view(depth, view_rays(intrinsics, 5, 7), camera(0, (0, 0, -100)))
    assert not behind.any()


def test_normals_turn_with_the_camera():
    task = ALL['normal']
    normal = torch.tensor([0.0, 0.0, -1.0]).view(1, 3, 1, 1)
    turned = task.view_change.to_view(normal, torch.zeros(1, 3, 1, 1), camera(90, (5, 5, 5)))
    torch.testing.assert_close(turned.flatten(), torch.tensor([-1.0, 0, 0]), atol=1e-6, rtol=0)
