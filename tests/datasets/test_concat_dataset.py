"""Several datasets as one: every sample is the part's own and says where it comes from."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmmtl.datasets import CamVid, ConcatDataset, SampleKey, collate_views
from mmmtl.datasets.transforms import LoadViews, PackViews, RandomFlip
from mmmtl.errors import ConfigError
from mmmtl.models.scene_cameras import scene_cameras
from mmmtl.tasks import Edge

PIPELINE = [dict(type=LoadViews), dict(type=RandomFlip), dict(type=PackViews)]


@pytest.fixture
def street(tmp_path, tasks) -> CamVid:
    (tmp_path / 'train').mkdir()
    for number in range(4):
        picture = np.random.default_rng(number).integers(0, 256, (96, 128, 3)).astype(np.uint8)
        Image.fromarray(picture).save(tmp_path / 'train' / f'{number}.jpg')
        Image.fromarray(np.full((96, 128), number, np.uint8)).save(tmp_path / 'train' / f'{number}.png')
    return CamVid(root=str(tmp_path), split='train', partial=True, tasks=tasks, pipeline=PIPELINE)


@pytest.fixture
def mixed(rooms, street) -> ConcatDataset:
    return ConcatDataset({'rooms': rooms(PIPELINE), 'street': street})


def test_indices_records_and_labels(mixed):
    assert len(mixed) == 7
    assert mixed.indices == {'rooms': range(3), 'street': range(3, 7)}
    assert len(mixed.records) == len(mixed.shown) == 7
    assert [set(shown) for shown in mixed.shown] == [{'semseg', 'depth', 'normal'}] * 3 + [{'semseg'}] * 4
    assert [packed['data_samples'][0].dataset for packed in (mixed[index] for index in range(7))] == (
        ['rooms'] * 3 + ['street'] * 4
    )
    assert mixed.metainfo['parts'] == ('rooms', 'street')
    for index in (-1, 7):
        with pytest.raises(IndexError):
            mixed[index]


def test_a_sample_equals_that_of_its_part(mixed, rooms, street):
    for index, part, own in ((2, rooms(PIPELINE), 2), (4, street, 1)):
        for epoch in range(3):
            packed = mixed[SampleKey(5, epoch, index)]
            expected = part[SampleKey(5, epoch, own)]
            for ours, theirs in zip(packed['inputs'], expected['inputs'], strict=True):
                assert torch.equal(ours, theirs)
            for ours, theirs in zip(packed['data_samples'], expected['data_samples'], strict=True):
                assert ours.scene == theirs.scene and ours.gt.keys() == theirs.gt.keys()
                assert all(torch.equal(ours.gt.get(name), theirs.gt.get(name)) for name in ours.gt.keys())


def test_scenes_of_two_views_and_of_one_in_one_batch(mixed):
    batch = collate_views([mixed[0], mixed[3], mixed[1]])
    assert [sample.dataset for sample in batch['data_samples']] == ['rooms'] * 2 + ['street'] + ['rooms'] * 2
    cameras = scene_cameras(batch['data_samples'])
    assert cameras['views'] == (2, 1, 2) and cameras['intrinsics'].shape == (5, 3, 3)


def test_a_task_that_nobody_labels_is_an_error(street, rooms):
    street.tasks = {**street.tasks, 'edge': Edge('edge')}
    with pytest.raises(ConfigError, match='no part has a label for edge'):
        ConcatDataset({'rooms': rooms(PIPELINE), 'street': street})
    with pytest.raises(ConfigError, match='empty'):
        ConcatDataset({})
