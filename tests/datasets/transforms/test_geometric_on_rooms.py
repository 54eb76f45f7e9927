"""After every move in space two views of a generated room still agree with each other, and normals with depth."""

import numpy as np
import pytest
import torch

from mmmtl.datasets.transforms import LoadViews, RandomFlip, RandomZoomCrop, Resize
from mmmtl.geometry import correspondences, normals_from_depth, relative_pose, warp

TRANSFORMS = {
    'nothing': [],
    'smaller': [Resize((72, 80))],
    'larger': [Resize((150, 160))],
    'zoom 1.2': [RandomZoomCrop((1.2,))],
    'zoom 1.5': [RandomZoomCrop((1.5,))],
    'flip': [RandomFlip(1.0)],
    'all': [RandomZoomCrop((1.2, 1.5)), RandomFlip(1.0), Resize((72, 80))],
}


@pytest.fixture(params=TRANSFORMS)
def transformed(request, rooms):
    """Three rooms of two views each after some transforms."""
    dataset = rooms()
    scenes = []
    for number, record in enumerate(dataset.records):
        scene = LoadViews().transform({'record': record, 'tasks': dataset.tasks, 'rng': np.random.default_rng(number)})
        for transform in TRANSFORMS[request.param]:
            scene = transform.transform(scene)
        scenes.append(scene['views'])
    return scenes


def maps(view: dict, name: str) -> torch.Tensor:
    """(1, C, H, W) of a label."""
    label = view['labels'][name]
    label = label[None] if label.ndim == 2 else label.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(label)).float()[None]


def disagreement(a: dict, b: dict, pose: torch.Tensor | None = None) -> tuple[float, float, float]:
    """Seen from a: median relative error of b's depth, share of different classes, median angle (deg) of normals."""
    b_T_a = relative_pose(b['camera_T_world'], a['camera_T_world']) if pose is None else pose
    positions, expected = correspondences(maps(a, 'depth'), a['intrinsics'][None], b['intrinsics'][None], b_T_a[None])
    found, inside = warp(maps(b, 'depth'), positions, mode='nearest')
    error = ((found - expected).abs() / expected)[inside]
    close = inside & ((found - expected).abs() < 0.03 * expected)  # seen by both
    classes, _ = warp(maps(b, 'semseg'), positions, mode='nearest')
    normal, _ = warp(maps(b, 'normal'), positions, mode='nearest')
    turned = torch.einsum('ij,njhw->nihw', b_T_a[:3, :3], maps(a, 'normal'))
    angle = torch.rad2deg(torch.acos((normal * turned).sum(1, keepdim=True).clamp(-1, 1)))[close]
    return (error.median().item(), (classes != maps(a, 'semseg'))[close].float().mean().item(), angle.median().item())


def test_two_views_still_agree_in_depth_classes_and_normals(transformed):
    for a, b in transformed:
        depth, classes, angle = disagreement(a, b)
        assert depth < 0.01 and classes < 0.03 and angle < 0.1


def test_a_wrong_camera_would_be_noticed(transformed):
    for a, b in transformed:
        right = disagreement(a, b)[0]
        inverse = relative_pose(a['camera_T_world'], b['camera_T_world'])
        width = a['image'].shape[1]
        shifted = a | {'intrinsics': a['intrinsics'] + torch.tensor([[0, 0, 0.15 * width], [0, 0, 0], [0, 0, 0]])}
        assert disagreement(a, b, inverse)[0] > 4 * right
        assert disagreement(shifted, b)[0] > 4 * right


def off_the_depth(view: dict, intrinsics: torch.Tensor) -> float:
    """Median angle (deg) between the normals and those of the depth; a large window, as enlarged depth has steps."""
    derived = normals_from_depth(maps(view, 'depth'), intrinsics[None], radius=6)
    known = derived.square().sum(1) > 0.5
    assert known.float().mean() > 0.4
    return torch.rad2deg(torch.acos((derived * maps(view, 'normal')).sum(1).clamp(-1, 1)))[known].median().item()


def test_normals_are_still_those_of_the_depth(transformed):
    views = [view for views in transformed for view in views]
    shift = torch.tensor([[1, 1, 0.7], [1, 1, 1], [1, 1, 1]])
    right = np.mean([off_the_depth(view, view['intrinsics']) for view in views])
    wrong = np.mean([off_the_depth(view, view['intrinsics'] * shift) for view in views])
    assert right < 1.7 and wrong > 2 * right
