"""No label is shown, and a dataset without any label is accepted."""

import pytest
from PIL import Image

from mmmtl.datasets import FolderDataset, NoLabels
from mmmtl.datasets.label_settings import OnlyLabels
from mmmtl.datasets.shown_tasks import check_every_task_is_shown
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import ConfigError
from mmmtl.tasks import Depth

PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]


def test_labels_are_hidden(rooms):
    dataset = rooms(PIPELINE, label_setting=dict(type=NoLabels))
    assert dataset.shown == [()] * 3
    assert list(dataset[0]['data_samples'][0].gt.keys()) == []
    with pytest.raises(ConfigError, match='shows no label of depth, normal, semseg'):
        check_every_task_is_shown(dataset)
    check_every_task_is_shown(dataset, dataset.tasks)


def test_images_need_no_labels(tmp_path):
    (tmp_path / 'images').mkdir()
    Image.new('RGB', (8, 6)).save(tmp_path / 'images' / 'a.png')
    options = dict(root=str(tmp_path), labels={}, tasks={'depth': Depth('depth')}, pipeline=PIPELINE)
    assert len(FolderDataset(**options, label_setting=dict(type=NoLabels))) == 1
    for setting in (None, dict(type=OnlyLabels, names=())):
        with pytest.raises(ConfigError, match='has no label for any of the tasks depth'):
            FolderDataset(**options, label_setting=setting)
