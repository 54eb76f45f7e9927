"""Scenes and cameras of a batch, and the samples that are refused."""

import pytest
import torch

from mmmtl.errors import DataError
from mmmtl.models.scene_cameras import scene_cameras
from mmmtl.structures import MultiTaskDataSample


def sample(view: int, views: int, focal: float | None = None) -> MultiTaskDataSample:
    view_sample = MultiTaskDataSample(
        metainfo={'view': view, 'num_views': views, 'scene': 'room', 'img_path': f'{view}.png'}
    )
    if focal is not None:
        view_sample.intrinsics = torch.diag(torch.tensor([focal, focal, 1.0]))
        view_sample.camera_T_world = torch.eye(4) * focal  # no pose: a marker of the view
    return view_sample


def test_single_views_need_no_camera() -> None:
    assert scene_cameras(None) == {'views': None, 'intrinsics': None, 'camera_T_world': None}
    assert scene_cameras([sample(0, 1), sample(0, 1, 5.0)]) == {
        'views': (1, 1),
        'intrinsics': None,
        'camera_T_world': None,
    }
    assert scene_cameras([MultiTaskDataSample()])['views'] == (1,)


def test_scenes_with_different_numbers_of_views_keep_their_order() -> None:
    found = scene_cameras([sample(0, 2, 2.0), sample(1, 2, 3.0), sample(0, 1), sample(0, 2, 4.0), sample(1, 2, 5.0)])
    assert found['views'] == (2, 1, 2)
    assert found['intrinsics'][:, 0, 0].tolist() == [2, 3, 1, 4, 5]
    assert found['camera_T_world'][:, 3, 3].tolist() == [2, 3, 1, 4, 5]


def test_cameras_are_those_of_the_images_as_the_network_gets_them() -> None:
    pair = [sample(0, 2, 2.0), sample(1, 2, 3.0)]
    for view_sample in pair:
        view_sample.set_metainfo({'img_shape': (4, 6), 'ori_shape': (8, 18)})
    found = scene_cameras(pair)['intrinsics']
    assert found[:, 0, 0].tolist() == pytest.approx([2 / 3, 1]) and found[:, 1, 1].tolist() == [1, 1.5]
    assert pair[0].intrinsics[0, 0] == 2


def test_a_pair_without_camera_is_named() -> None:
    with pytest.raises(DataError, match=r'1\.png: one of 2 views of room, but it has no intrinsics'):
        scene_cameras([sample(0, 2, 2.0), sample(1, 2)])


def test_views_of_different_size_are_named() -> None:
    views = [sample(0, 1), sample(0, 2, 2.0), sample(1, 2, 3.0)]
    for view_sample, size in zip(views, ((8, 8), (4, 6), (4, 5)), strict=True):
        view_sample.set_metainfo({'img_shape': size})
    with pytest.raises(DataError, match=r'0\.png: the 2 views of room differ in size, 4 x 6, 4 x 5'):
        scene_cameras(views)
    views[2].set_metainfo({'img_shape': (4, 6)})
    assert scene_cameras(views)['views'] == (1, 2)  # other scenes may have different sizes
