"""Class names from a file beside the config, and configs that inherit shipped recipes from anywhere."""

import pytest
from labelled_folders import write

from mmmtl.apis import load_config
from mmmtl.errors import ConfigError, DataError
from mmmtl.registry import DATASETS

CONFIG = """
from mmengine.config import read_base

from mmmtl.tasks import Depth, SemSeg

with read_base():
    from mmmtl.configs._base_.own_data import *

tasks = dict(semseg=dict(type=SemSeg, classes='data/colours.csv'), depth=dict(type=Depth))
_data = dict(
    root={root!r},
    labels=dict(
        semseg=dict(folder='colours', kind='colours', table='colours.csv'),
        depth=dict(folder='depth', kind='depth', scale=1e-3, void=0),
    ),
)
train_dataloader['dataset'].update(_data)
val_dataloader['dataset'].update(_data)
test_dataloader = val_dataloader
"""


@pytest.fixture
def config(tmp_path):
    write(tmp_path / 'data')
    path = tmp_path / 'own.py'
    path.write_text(CONFIG.format(root=str(tmp_path / 'data')))
    return path


def test_names_and_colours_from_a_file(config, tmp_path, monkeypatch):
    (tmp_path / 'elsewhere').mkdir()
    for folder in (tmp_path, tmp_path / 'elsewhere'):
        monkeypatch.chdir(folder)
        loaded = load_config(config)
        assert loaded.tasks.semseg.classes == ['floor', 'wall']
        assert loaded.tasks.semseg.palette == [[0, 0, 0], [255, 0, 0]]
        assert loaded.model.tasks.semseg.classes == ['floor', 'wall']
    names = [
        {record.name for record in DATASETS.build(loaded[f'{split}_dataloader'].dataset).records}
        for split in ('train', 'val')
    ]
    assert not names[0] & names[1] and len(names[0] | names[1]) == 5


def test_a_missing_file_is_named(config, tmp_path):
    (tmp_path / 'data' / 'colours.csv').unlink()
    with pytest.raises(DataError, match=r'data/colours\.csv'):
        load_config(config)


def test_a_recipe_that_does_not_exist(config):
    config.write_text(config.read_text().replace('own_data', 'own_date'))
    with pytest.raises(ConfigError, match='own_date'):
        load_config(config)


def test_a_missing_argument_of_a_data_set_is_named(config):
    config.write_text(config.read_text().replace("val_dataloader['dataset'].update(_data)\n", ''))
    with pytest.raises(ConfigError, match=r'val_dataloader\.dataset\.root: FolderDataset'):
        load_config(config)


def test_a_string_is_no_list_of_classes(config):
    config.write_text(config.read_text().replace('data/colours.csv', 'floor'))
    with pytest.raises(ConfigError, match=r"tasks\.semseg\.classes: .*'floor'"):
        load_config(config)
