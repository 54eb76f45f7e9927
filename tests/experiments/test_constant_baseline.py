"""Typical scores: the mean of the training set, judged on the test set; each part of a mixture by itself."""

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmmtl.errors import ConfigError
from mmmtl.experiments.constant_baseline import constant_baseline

LOADING = [dict(type='mmmtl.LoadViews'), dict(type='mmmtl.PackViews')]


def camvid(folder, split: str, classes: list[int], size: tuple[int, int] = (4, 6)) -> dict:
    """A miniature of one flat label map per image."""
    (folder / split).mkdir(parents=True)
    for number, index in enumerate(classes):
        Image.fromarray(np.zeros((*size, 3), np.uint8)).save(folder / split / f'{number}.jpg')
        Image.fromarray(np.full(size, index, np.uint8)).save(folder / split / f'{number}.png')
    return dict(type='mmmtl.CamVid', root=str(folder), split=split, partial=True, pipeline=LOADING)


def config_of(train: dict, test: dict) -> Config:
    tasks = dict(semseg=dict(type='mmmtl.SemSeg', classes=tuple('abcdefghijk')))
    return Config(dict(tasks=tasks, train_dataloader=dict(dataset=train), test_dataloader=dict(dataset=test)))


def test_the_most_frequent_class(tmp_path):
    train, test = camvid(tmp_path, 'train', [3, 3, 5]), camvid(tmp_path, 'val', [3, 3, 3, 7])
    scores = constant_baseline(config_of(train, test))
    assert scores['semseg/pixel_accuracy'] == 0.75 and scores['semseg/IoU/d'] == 0.75 and scores['semseg/IoU/h'] == 0


def test_parts_by_themselves(tmp_path):
    parts = [
        {name: camvid(tmp_path / name, split, classes) for name, classes in labels.items()}
        for split, labels in (('train', dict(one=[1], two=[2])), ('val', dict(one=[1, 4], two=[2])))
    ]
    scores = constant_baseline(config_of(*(dict(type='mmmtl.ConcatDataset', parts=part) for part in parts)))
    assert scores['one/semseg/pixel_accuracy'] == 0.5 and scores['two/semseg/pixel_accuracy'] == 1


def test_a_size_that_was_never_seen(tmp_path):
    train, test = camvid(tmp_path, 'train', [3]), camvid(tmp_path, 'val', [3], size=(6, 4))
    with pytest.raises(ConfigError, match=r'val/0.jpg: no training image .* has its size \(6, 4\)'):
        constant_baseline(config_of(train, test))


def test_parts_on_one_side_only(tmp_path):
    one = camvid(tmp_path / 'one', 'train', [3])
    parts = dict(type='mmmtl.ConcatDataset', parts=dict(two=camvid(tmp_path / 'two', 'val', [3])))
    for train, test in ((one, parts), (parts, one)):
        with pytest.raises(ConfigError, match='has no part of the training data'):
            constant_baseline(config_of(train, test))


@pytest.mark.parametrize('name', ['train_dataloader', 'test_dataloader'])
@pytest.mark.parametrize('absent', [True, False])
def test_without_training_or_test_data(tmp_path, name, absent):
    config = config_of(camvid(tmp_path, 'train', [3]), camvid(tmp_path, 'val', [3]))
    if absent:
        config.pop(name)
    else:
        config[name] = None
    with pytest.raises(ConfigError, match=f'^{name}: the config has none; a constant baseline needs'):
        constant_baseline(config)
