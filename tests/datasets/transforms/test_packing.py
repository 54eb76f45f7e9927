"""Views become tensors and samples with nothing lost."""

import numpy as np
import pytest
import torch

from mmmtl.datasets import Record
from mmmtl.datasets.transforms import PackViews, RandomFlip
from mmmtl.datasets.transforms.packing import to_tensor
from mmmtl.errors import DataError
from mmmtl.tasks import Depth, Normal, SemSeg

TASKS = {'semseg': SemSeg('semseg', classes=('a', 'b')), 'depth': Depth('depth'), 'normal': Normal('normal')}
RNG = np.random.default_rng(0)


def view(**labels: np.ndarray) -> dict:
    return {'image': RNG.integers(0, 256, (4, 5, 3)).astype(np.uint8), 'labels': labels, 'img_path': 'a/0.jpg'}


def pack(*views: dict) -> dict:
    return PackViews().transform({'views': list(views), 'tasks': TASKS, 'record': Record('room', ())})


def test_images_and_labels_keep_every_value():
    semseg, normal = RNG.integers(0, 2, (4, 5)), RNG.random((4, 5, 3))
    a = view(semseg=semseg, normal=normal.astype(np.float32))
    a |= {'intrinsics': torch.eye(3), 'camera_T_world': torch.eye(4)}
    b = view(depth=RNG.random((4, 5)))
    packed = pack(a, b)
    for image, made in zip(packed['inputs'], (a, b), strict=True):
        assert image.dtype == torch.uint8 and image.is_contiguous()
        np.testing.assert_array_equal(image.permute(1, 2, 0), made['image'])
    first, second = packed['data_samples']
    assert first.gt.semseg.dtype == torch.int64 and first.gt.semseg.shape == (1, 4, 5)
    np.testing.assert_array_equal(first.gt.semseg[0], semseg)
    assert first.gt.normal.dtype == second.gt.depth.dtype == torch.float32
    np.testing.assert_array_equal(first.gt.normal.permute(1, 2, 0), normal.astype(np.float32))
    assert torch.equal(first.intrinsics, torch.eye(3)) and torch.equal(first.camera_T_world, torch.eye(4))
    assert (first.scene, first.view, first.num_views, first.img_path, first.img_shape) == (
        'room',
        0,
        2,
        'a/0.jpg',
        (4, 5),
    )
    assert (second.scene, second.view, second.num_views) == ('room', 1, 2)


def test_what_is_hidden_or_unknown_is_absent():
    (sample,) = pack(view(depth=RNG.random((4, 5))))['data_samples']
    assert list(sample.gt.keys()) == ['depth'] and 'semseg' not in sample.gt
    assert 'intrinsics' not in sample and 'camera_T_world' not in sample
    (bare,) = pack(view())['data_samples']
    assert list(bare.gt.keys()) == []


def test_samples_of_flipped_views_are_marked():
    scene = {'views': [view()], 'tasks': TASKS, 'record': Record('room', ()), 'rng': RNG}
    marks = []
    for _ in range(3):
        marks.append(PackViews().transform(scene)['data_samples'][0].get('flipped', False))
        scene = RandomFlip(1.0).transform(scene)
    assert marks == [False, True, False]


@pytest.mark.parametrize('array', [RNG.random((4, 5)), RNG.random((4, 5, 3))[:, ::-1], RNG.random((9, 9, 3))[2:6, 1:6]])
def test_slices_and_mirrors_become_contiguous(array):
    tensor = to_tensor(array)
    assert tensor.is_contiguous()
    np.testing.assert_array_equal(tensor.permute(1, 2, 0).squeeze(-1) if array.ndim == 3 else tensor[0], array)


def test_views_of_different_size_are_refused_by_name():
    other = view() | {'image': np.zeros((4, 6, 3), np.uint8)}
    with pytest.raises(DataError, match=r'room: its views have different sizes, 4 x 5, 4 x 6 \(a/0\.jpg'):
        pack(view(), other)


@pytest.mark.parametrize('dtype', [np.uint8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_channels_come_first_for_every_type(dtype, channels):
    array = RNG.integers(0, 100, (33, 47, channels)).astype(dtype)
    for view_of in (array, array[5:20, 3:40], array[:, ::-1], array[::2], array[:0]):
        tensor = to_tensor(view_of)
        assert tensor.is_contiguous()
        np.testing.assert_array_equal(tensor, view_of.transpose(2, 0, 1), strict=True)
