"""Rectified pairs: what one view shows is found in the other, on generated rooms and on Middlebury's Motorcycle."""

import cv2
import numpy as np
import pytest
import torch

from mmmtl.geometry import (
    check_rectified,
    flip_intrinsics,
    flip_pose,
    left_from_right,
    left_right_difference,
    occluded_in_other_view,
    right_from_left,
    stereo_rig,
    warp_to_other_view,
)
from mmmtl.synthetic_rooms.cameras import place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene

SIZE, BASELINE = (96, 120), 0.2


@pytest.fixture(scope='module', params=[0, 5])
def room(request) -> dict[str, torch.Tensor]:
    """A rendered pair: world points, depth and instances (1, 2, C, H, W), intrinsics and poses (1, 2, n, n)."""
    scene = build_scene('train', request.param)
    left = place_cameras(scene, 1, SIZE)[0]
    cameras = [left, left.right_neighbour(BASELINE)]
    views = [render_view(scene, camera) for camera in cameras]

    def both(values: list[np.ndarray]) -> torch.Tensor:
        return torch.stack([torch.as_tensor(np.ascontiguousarray(value)) for value in values])[None]

    intrinsics, poses = both([c.intrinsics for c in cameras]), both([c.camera_T_world for c in cameras])
    depth = both([view['depth'] for view in views])[:, :, None]
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    points = both(
        [
            (camera.position[:, None] + camera.directions(x, y) * view['depth'].reshape(1, -1))
            .reshape(3, *SIZE)
            .astype(np.float32)
            for camera, view in zip(cameras, views, strict=True)
        ]
    )
    instance = both([view['instance'].astype(np.float32) for view in views])[:, :, None]
    normal = both([view['normal'].transpose(2, 0, 1) for view in views])
    return dict(intrinsics=intrinsics, poses=poses, depth=depth, points=points, instance=instance, normal=normal)


def shown(room: dict[str, torch.Tensor], disparity: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Distances (1, 2, H, W) in metres between a pixel's own point and the other view's, where the other sees it."""
    inner = [torch.cat((room['points'], room['instance'], room['normal']), 2)]
    found, inside = warp_to_other_view(inner[0], disparity)
    nearest, _ = warp_to_other_view(room['instance'], disparity, mode='nearest')
    same = inside[:, :, 0] & ((found[:, :, 3] - room['instance'][:, :, 0]).abs() < 1e-3)  # all four neighbours agree
    same &= (found[:, :, 4:] - room['normal']).abs().amax(2) < 1e-3  # on one flat face
    distance = (found[:, :, :3] - room['points']).norm(dim=2)
    return distance, same, nearest[:, :, 0] == room['instance'][:, :, 0]


def test_both_views_of_a_room_show_the_same_points(room):
    rig = stereo_rig(room['intrinsics'], room['poses'])
    assert rig.baseline.flatten().tolist() == pytest.approx([BASELINE], rel=1e-4)
    assert rig.doffs.flatten().tolist() == [0.0]
    disparity = rig.disparity(rig.baseline / room['depth'])
    distance, same, agree = shown(room, disparity)
    assert same.float().mean((2, 3)).min() > 0.4 and agree.float().mean((2, 3)).min() > 0.75
    for side in (0, 1):
        # On a plane 1 / depth is linear in the image, points are not: half a pixel between samples is worth some 1e-4.
        assert distance[0, side][same[0, side]].quantile(0.95) < 5e-3
        assert distance[0, side][same[0, side]].median() < 1e-3
    wrong = shown(room, -disparity)
    assert wrong[0][wrong[1]].median() > 0.05, 'a wrong sign must be noticed'
    swapped = shown(room, disparity.flip(1))
    assert swapped[0][swapped[1]].median() > 5 * distance[same].median(), 'and views in the wrong order'


def test_single_directions_are_the_two_halves_of_both(room):
    rig = stereo_rig(room['intrinsics'], room['poses'])
    disparity = rig.disparity(rig.baseline / room['depth'])
    both, inside = warp_to_other_view(room['points'], disparity)
    left, left_inside = left_from_right(room['points'][:, 1], disparity[:, 0])
    right, _ = right_from_left(room['points'][:, 0], disparity[:, 1])
    assert torch.equal(left, both[:, 0]) and torch.equal(right, both[:, 1]) and torch.equal(left_inside, inside[:, 0])
    assert not left[~left_inside.expand_as(left)].any() and not left_inside.all()


def test_the_left_right_check_finds_occluded_pixels(room):
    rig = stereo_rig(room['intrinsics'], room['poses'])
    disparity = rig.disparity(rig.baseline / room['depth'])
    known = torch.ones_like(disparity, dtype=torch.bool)
    difference = left_right_difference(disparity, known)
    distance, same, _ = shown(room, disparity)
    assert (difference[:, :, 0][same] < 0.5).float().mean() > 0.98
    assert (difference > 1).float().mean() > 0.02  # hidden, or out of view
    broken = disparity.clone()
    broken[:, 0, :, 40:50] += 3
    assert (left_right_difference(broken, known)[:, 0, :, 40:50] > 1).float().mean() > 0.9
    known[:, 0, :, 50:60] = False
    broken[:, 0, :, 50:60] = torch.nan
    unknown = left_right_difference(broken, known)
    assert unknown[:, 0, :, 50:60].isinf().all() and not unknown.isnan().any()


def test_a_mirrored_pair_is_the_pair_of_the_other_view_first(room):
    mirrored = dict(
        intrinsics=flip_intrinsics(room['intrinsics'], SIZE[1]).flip(1), poses=flip_pose(room['poses']).flip(1)
    )
    rig, flipped = (
        stereo_rig(room['intrinsics'], room['poses']),
        stereo_rig(intrinsics=mirrored['intrinsics'], camera_T_world=mirrored['poses']),
    )
    for name in ('focal', 'baseline', 'doffs'):
        torch.testing.assert_close(getattr(flipped, name), getattr(rig, name))
    check_rectified(mirrored['intrinsics'][0], mirrored['poses'][0], (SIZE, SIZE), name='mirrored')
    normalized_disparity = rig.baseline / room['depth']
    there, _ = warp_to_other_view(room['points'], rig.disparity(normalized_disparity))
    back, _ = warp_to_other_view(room['points'].flip(1, 4), flipped.disparity(normalized_disparity.flip(1, 4)))
    torch.testing.assert_close(back.flip(1, 4), there, atol=1e-3, rtol=0)


def test_what_is_nearer_hides_what_is_behind_it(room):
    wall = torch.full((1, 2, 1, 3, 20), 2.0)
    wall[:, 0, :, :, 10:16] = 7.0  # a board, at columns 3 to 8 of the right view
    wall[:, 1, :, :, 3:9] = 7.0
    known = torch.ones_like(wall, dtype=torch.bool)
    hidden = occluded_in_other_view(wall, known)[0, :, 0]
    assert hidden[0, 1].nonzero().flatten().tolist() == [0, 1, 5, 6, 7, 8, 9]  # out of view, and behind the board
    assert hidden[1, 1].nonzero().flatten().tolist() == [9, 10, 11, 12, 13, 18, 19]
    known[..., 5] = False
    assert not occluded_in_other_view(wall, known)[..., 5].any()
    assert not occluded_in_other_view(wall, known, margin=5.0)[0, 0, 0, :, 6:].any()
    rig = stereo_rig(room['intrinsics'], room['poses'])
    disparity = rig.disparity(rig.baseline / room['depth'])
    known = torch.ones_like(disparity, dtype=torch.bool)
    difference, hidden = left_right_difference(disparity, known), occluded_in_other_view(disparity, known)
    assert hidden.float().mean() > 0.02 and (hidden == (difference > 1)).float().mean() > 0.97


def test_gradients_reach_values_and_disparity():
    torch.manual_seed(0)
    values, disparity = torch.rand(2, 2, 3, 6, 9, requires_grad=True), torch.rand(2, 2, 1, 6, 9, requires_grad=True)
    warped, inside = warp_to_other_view(values, disparity + 0.6)
    (warped**2).sum().backward()
    assert values.grad.isfinite().all() and disparity.grad.isfinite().all()
    assert disparity.grad[inside].any() and not disparity.grad[~inside].any()
    half = warp_to_other_view(values.half(), disparity.half())[0]
    assert half.dtype == torch.float16
    torch.testing.assert_close(half.float(), warp_to_other_view(values, disparity)[0], atol=5e-3, rtol=0)


def test_disparity_and_parallax_there_and_back():
    intrinsics = torch.eye(3).repeat(1, 2, 1, 1)
    intrinsics[:, :, 0, 0], intrinsics[0, 1, 0, 2] = 50.0, 7.0
    pose = torch.eye(4).repeat(1, 2, 1, 1)
    pose[0, 1, 0, 3] = -0.5
    rig = stereo_rig(intrinsics, pose)
    depth = torch.tensor([1.0, 2.5, 10.0]).view(1, 1, 1, 1, 3).expand(1, 2, 1, 1, 3)
    disparity = rig.disparity(rig.baseline / depth)
    assert disparity[0, 0].flatten().tolist() == pytest.approx([18.0, 3.0, -4.5])  # f B / Z - doffs
    torch.testing.assert_close(rig.baseline / rig.normalized_disparity(disparity), depth)
    infinite_or_negative = rig.normalized_disparity(
        torch.tensor([-7.0, -9.0, torch.nan, torch.inf]).view(1, 1, 1, 1, 4).expand(1, 2, 1, 1, 4)
    )
    assert not infinite_or_negative.any()


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (dict(x=0.2), ('swapped', 'swap them')),
        (dict(x=0.0), ('baseline', '0.000 m')),
        (dict(y=0.05), ('not a rectified',)),
        (dict(z=-0.05), ('not a rectified',)),
        (dict(turn=0.02), ('not a rectified', '0.02 rad')),
        (dict(focal=51.0), ('focal lengths',)),
        (dict(row=9.0), ('rows of the principal points',)),
        (dict(size=(10, 13)), ('sizes',)),
    ],
)
def test_an_unrectified_pair_is_an_error(change, words):
    intrinsics = torch.tensor([[50.0, 0, 6], [0, 50, 5], [0, 0, 1]]).repeat(2, 1, 1)
    intrinsics[1, 0, 0], intrinsics[1, 1, 2] = change.get('focal', 50.0), change.get('row', 5.0)
    pose = torch.eye(4).repeat(2, 1, 1)
    pose[1, :3, 3] = torch.tensor([change.get('x', -0.2), change.get('y', 0.0), change.get('z', 0.0)])
    angle = torch.tensor(change.get('turn', 0.0))
    pose[1, 0, 0] = pose[1, 2, 2] = angle.cos()
    pose[1, 0, 2], pose[1, 2, 0] = angle.sin(), -angle.sin()
    with pytest.raises(ValueError) as error:
        check_rectified(intrinsics, pose, ((10, 12), change.get('size', (10, 12))), name='attic/3')
    assert str(error.value).startswith('attic/3') and all(word in str(error.value) for word in words), error.value


def test_a_rectified_pair_passes():
    intrinsics = torch.tensor([[50.0, 0, 6], [0, 50, 5], [0, 0, 1]]).repeat(2, 1, 1)
    intrinsics[1, 0, 2] = 12  # doffs
    pose = torch.eye(4).repeat(2, 1, 1)
    pose[1, 0, 3] = -0.2
    check_rectified(intrinsics, pose, ((10, 12), (10, 12)), name='attic/3')


def test_motorcycle(data_root):
    """Left from right by the true disparity, in 8-bit colours; 38.7 unwarped."""
    folder = data_root / 'real' / 'stereo'
    if not folder.is_dir():
        pytest.skip(f'real data: no {folder}')
    left, right = (
        torch.from_numpy(cv2.imread(str(folder / f'motorcycle_{side}.png')).astype(np.float32)).permute(2, 0, 1)[None]
        for side in ('left', 'right')
    )
    disparity = torch.from_numpy(np.load(folder / 'motorcycle_disp.npz')['arr_0'])[None, None]
    known = disparity.isfinite()
    disparity = torch.where(known, disparity, 0)

    def colour_error(shift: torch.Tensor) -> float:
        warped, inside = left_from_right(right, shift)
        where = (known & inside)[:, 0]
        return (warped - left).abs().mean(1)[where].mean().item()

    error = colour_error(disparity)
    print(f'colour error {error:.2f}, unwarped {colour_error(0 * disparity):.2f}')
    assert error <= 12 and colour_error(0 * disparity) > 35
    assert colour_error(-disparity) > 30, 'wrong sign'
    assert colour_error(disparity + 31.086) > 25, 'doffs belongs to the depth, not to the shift'
    intrinsics = torch.tensor([[994.978, 0, 311.193], [0, 994.978, 254.877], [0, 0, 1]]).repeat(1, 2, 1, 1)
    intrinsics[0, 1, 0, 2] += 31.086
    pose = torch.eye(4).repeat(1, 2, 1, 1)
    pose[0, 1, 0, 3] = -0.193001
    rig = stereo_rig(intrinsics, pose)
    depth = rig.baseline / rig.normalized_disparity(disparity[None].expand(1, 2, -1, -1, -1))[0, 0]
    depth = depth[0][..., known[0, 0]].flatten()
    assert 2 < depth.min() and depth.max() < 6  # metres; without doffs up to 26
