"""Who looks at whom."""

import torch

from mmmtl.models.necks.cross_view.neighbours import nearest_views, take_neighbours


def at(*centres):
    """Poses (1, V, 4, 4) of cameras at these places on a line, each turned another way."""
    poses = torch.eye(4).repeat(1, len(centres), 1, 1)
    for view, centre in enumerate(centres):
        angle = torch.tensor(0.3 * view)
        rotation = torch.tensor([[angle.cos(), 0, angle.sin()], [0, 1, 0], [-angle.sin(), 0, angle.cos()]])
        poses[0, view, :3, :3] = rotation
        poses[0, view, :3, 3] = -rotation @ torch.tensor([centre, 0.0, 0.0])
    return poses


def test_up_to_three_views_look_at_all_others():
    assert nearest_views(at(0, 1, 5)) is None
    x = torch.tensor([[10, 11, 12], [20, 21, 22]])
    taken = take_neighbours(x, None)
    assert taken.shape == (2, 3, 2)
    for scene in range(2):
        for view in range(3):
            assert set(taken[scene, view].tolist()) == set(x[scene].tolist()) - {x[scene, view].item()}


def test_a_lone_view_looks_at_itself():
    x = torch.randn(2, 1, 4)
    assert torch.equal(take_neighbours(x, None), x[:, :, None])


def test_four_views_look_at_the_two_nearest_centres():
    neighbours = nearest_views(at(0.0, 1.0, 3.0, 10.0))
    assert [set(row) for row in neighbours[0].tolist()] == [{1, 2}, {0, 2}, {1, 0}, {2, 1}]


def test_taking_keeps_scenes_apart():
    x = torch.randn(2, 4, 3)
    neighbours = torch.randint(0, 4, (2, 4, 2))
    taken = take_neighbours(x, neighbours)
    for scene in range(2):
        for view in range(4):
            for place in range(2):
                assert torch.equal(taken[scene, view, place], x[scene, neighbours[scene, view, place]])
