"""MultiTaskDataSample: maps by task name, absent means absent, and nothing of the wrong kind gets in."""

import pytest
import torch
from mmengine.structures import PixelData

from mmmtl.structures import MultiTaskDataSample


@pytest.fixture
def sample() -> MultiTaskDataSample:
    sample = MultiTaskDataSample(metainfo=dict(img_shape=(4, 6), scene='kitchen', view=1))
    sample.gt = PixelData(depth=torch.ones(1, 4, 6), normal=torch.zeros(3, 4, 6))
    sample.intrinsics = torch.eye(3)
    sample.camera_T_world = torch.eye(4)
    return sample


def test_it_holds_what_it_is_given(sample):
    assert sample.img_shape == (4, 6) and sample.scene == 'kitchen' and sample.view == 1
    assert sample.gt.depth.shape == (1, 4, 6) and sample.gt.get('normal').shape == (3, 4, 6)
    assert sample.intrinsics.shape == (3, 3) and sample.camera_T_world.shape == (4, 4)


def test_a_hidden_label_is_not_there(sample):
    assert 'semseg' not in sample.gt and sample.gt.get('semseg') is None
    assert 'pred' not in sample
    empty = MultiTaskDataSample(gt=PixelData())
    assert 'depth' not in empty.gt and list(empty.gt.keys()) == []


def test_as_a_dict_it_has_the_public_names(sample):
    sample.pred = PixelData(depth=torch.zeros(1, 4, 6))
    content = sample.to_dict()
    assert set(content) == {'gt', 'pred', 'intrinsics', 'camera_T_world', 'img_shape', 'scene', 'view'}
    assert set(content['gt']) == {'depth', 'normal'} and set(content['pred']) == {'depth'}


def test_everything_moves_together(sample):
    moved = sample.to(torch.float64)
    tensors = moved.gt.depth, moved.gt.normal, moved.intrinsics, moved.camera_T_world
    assert {tensor.dtype for tensor in tensors} == {torch.float64}
    assert sample.gt.depth.dtype == torch.float32
    assert moved.scene == 'kitchen'


@pytest.mark.parametrize('field', ['gt', 'pred', 'intrinsics', 'camera_T_world'])
def test_the_wrong_kind_is_refused(sample, field):
    with pytest.raises(AssertionError):
        setattr(sample, field, {'depth': torch.ones(1, 4, 6)})


def test_maps_of_one_view_have_one_size(sample):
    with pytest.raises(AssertionError):
        sample.gt.semseg = torch.zeros(1, 4, 7, dtype=torch.int64)
