"""Cityscapes in miniature: MTAN's arrays and the official files, labels, disparity, cameras, both views."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from miniature_driving import SMALL, write_cityscapes, write_cityscapes_mtan

from mmmtl.datasets import Cityscapes, CityscapesMTAN
from mmmtl.datasets.benchmarks import cityscapes_classes as module
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import ConfigError, DataError
from mmmtl.tasks import Depth, SemSeg

TASKS = {'semseg': SemSeg('semseg', classes=Cityscapes.CLASSES), 'depth': Depth('depth')}
SEVEN = {'semseg': SemSeg('semseg', classes=CityscapesMTAN.CLASSES), 'depth': Depth('depth')}
PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]


@pytest.fixture
def official(tmp_path) -> Path:
    return write_cityscapes(tmp_path / 'cityscapes')


def load(root: Path, **options) -> Cityscapes:
    return Cityscapes(root=str(root), split='train', tasks=TASKS, pipeline=PIPELINE, **({'partial': True} | options))


def test_images_labels_depth_and_camera(official):
    dataset = load(official)
    assert [record.name for record in dataset.records] == [
        'aachen/aachen_000000_000019',
        'aachen/aachen_000002_000019',
        'bochum/bochum_000001_000019',
    ]
    sample = dataset[1]['data_samples'][0]
    assert sample.gt.semseg.unique().tolist() == [255]  # id 9, parking, is not evaluated
    assert dataset[0]['data_samples'][0].gt.semseg.unique().tolist() == [0]  # id 7, road
    assert sample.gt.depth[0, 0].unique().tolist() == [0]
    assert sample.gt.depth[0, 1:].unique().tolist() == pytest.approx([20 * 0.25 / 3])
    assert sample.intrinsics.tolist() == [[20, 0, 8], [0, 21, 4], [0, 0, 1]]


def test_the_right_camera_stands_one_baseline_to_the_right(official):
    packed = load(official, view_mode='stereo')[0]
    left, right = packed['data_samples']
    assert set(left.gt.keys()) == {'semseg', 'depth'} and not set(right.gt.keys())
    assert right.img_path.endswith('_rightImg8bit.png')
    assert left.camera_T_world.tolist() == np.eye(4).tolist()
    # a point 5 m ahead of the left camera: disparity f B / z = 1 pixel, further left in the right image
    point = right.camera_T_world @ left.camera_T_world.new_tensor([0, 0, 5, 1])
    column = (right.intrinsics @ point[:3])[0] / point[2]
    assert column == pytest.approx(8 - 20 * 0.25 / 5)


def test_only_what_the_tasks_need_must_be_there(official, data_error):
    for folder in ('disparity', 'camera', 'rightImg8bit'):
        (official / folder).rename(official / f'_{folder}')
    alone = Cityscapes(
        root=str(official), split='train', partial=True, pipeline=PIPELINE, tasks={'semseg': TASKS['semseg']}
    )
    assert alone[0]['data_samples'][0].gt.keys() == ['semseg']
    with data_error(official / 'camera' / 'train' / 'aachen', 'camera_trainvaltest.zip'):
        load(official)
    (official / '_camera').rename(official / 'camera')
    with data_error(official / 'disparity' / 'train' / 'aachen', 'disparity_trainvaltest.zip'):
        load(official)


def test_the_published_number_of_images_is_required_unless_declared_partial(official, data_error):
    with data_error(official / 'leftImg8bit' / 'train', '2975'):
        load(official, partial=False)
    with data_error(official / 'leftImg8bit' / 'val', 'expected'):
        Cityscapes(root=str(official), split='val', tasks=TASKS, pipeline=PIPELINE)


@pytest.mark.parametrize('text', ['', '{}', '{"extrinsic": {"baseline": "x"}, "intrinsic": {}}', '[1]'])
def test_a_damaged_camera_is_named(official, data_error, text):
    path = official / 'camera' / 'train' / 'aachen' / 'aachen_000000_000019_camera.json'
    path.write_text(text)
    with data_error(path, 'a Cityscapes camera file'):
        load(official)
    path.write_text(json.dumps({'extrinsic': {'baseline': 209.0}, 'intrinsic': {'fx': 1, 'fy': 1, 'u0': 0, 'v0': 0}}))
    with data_error(path, 'in metres'):
        load(official)


def test_wrong_arguments_are_named(official):
    for options in ({'split': 'test'}, {'view_mode': 'both'}):
        with pytest.raises(ConfigError, match=next(iter(options))):
            Cityscapes(root=str(official), **({'split': 'train', 'tasks': TASKS, 'pipeline': PIPELINE} | options))


def test_classes_and_categories_follow_the_ids():
    by_id = dict(zip(module.EVALUATED_IDS, Cityscapes.CLASSES, strict=True))
    assert by_id[7] == 'road' and by_id[17] == 'pole' and by_id[23] == 'sky' and by_id[33] == 'bicycle'
    assert len(module.CLASS_OF_ID) == len(module.CATEGORY_OF_ID) == 34
    categories = {
        name: module.CATEGORIES[number]
        for name, number in zip(Cityscapes.CLASSES, module.CATEGORY_OF_CLASS, strict=True)
    }
    assert categories['sidewalk'] == 'flat' and categories['fence'] == 'construction'
    assert categories['traffic sign'] == 'object' and categories['terrain'] == 'nature' and categories['sky'] == 'sky'
    assert categories['rider'] == 'human' and categories['bicycle'] == 'vehicle'
    assert [module.CATEGORY_OF_ID[number] for number in (0, 4, 9, 14, 26, 30)] == [None, None, None, None, 6, None]
    assert len(set(Cityscapes.PALETTE)) == 19


# -- MTAN's arrays --------------------------------------------------------------------------------------------------


def test_arrays_come_in_the_order_of_their_numbers(tmp_path):
    root = write_cityscapes_mtan(tmp_path / 'mtan')
    dataset = CityscapesMTAN(root=str(root), split='train', partial=True, tasks=SEVEN, pipeline=PIPELINE)
    assert [record.name for record in dataset.records] == [f'train/{number}' for number in range(12)]
    packed = dataset[11]
    sample = packed['data_samples'][0]
    assert packed['inputs'][0].unique().tolist() == [140]  # 0.55 of 255
    assert sample.gt.semseg[0, 0].unique().tolist() == [255] and sample.gt.semseg[0, 1:].unique().tolist() == [4]
    assert sample.gt.depth.shape == (1, *SMALL) and sample.gt.depth.unique().tolist() == pytest.approx([0.11])
    assert dataset[0]['data_samples'][0].gt.depth.unique().tolist() == [0]


def test_a_missing_array_or_image_is_named(tmp_path, data_error):
    root = write_cityscapes_mtan(tmp_path / 'mtan')
    options = dict(root=str(root), split='train', tasks=SEVEN, pipeline=PIPELINE)
    with data_error(root / 'train' / 'image', '2975'):
        CityscapesMTAN(**options)
    (root / 'train' / 'depth' / '3.npy').unlink()
    with data_error(root / 'train' / 'depth' / '3.npy'):
        CityscapesMTAN(partial=True, **options)
    with pytest.raises(DataError, match=re.escape(str(root / 'val' / 'image'))):
        CityscapesMTAN(**{**options, 'split': 'val'})
