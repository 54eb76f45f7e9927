"""A change of `tasks` reaches the model, the datasets and the metrics alike."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmmtl.apis import load_config
from mmmtl.errors import ConfigError
from mmmtl.experiments.scores import recipe_digest
from mmmtl.metrics import MultiTaskMetric
from mmmtl.registry import DATASETS, METRICS, MODELS
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks.losses import L1, Cosine, SILog


def everyone(config: Config) -> dict[str, dict]:
    """The tasks as model, datasets and metrics are given them, built."""
    parts = {name: DATASETS.build(config[name].dataset) for name in ('train_dataloader', 'val_dataloader')}
    parts |= {f'metric {number}': METRICS.build(metric) for number, metric in enumerate(config.val_evaluator)}
    parts['model'] = MODELS.build(config.model)
    assert isinstance(parts['train_dataloader'], SyntheticRooms) and isinstance(parts['metric 1'], MultiTaskMetric)
    return {name: part.tasks for name, part in parts.items()}


@pytest.fixture(scope='module')
def drawn_rooms(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp('rooms')


@pytest.fixture
def rooms(monkeypatch, drawn_rooms):
    monkeypatch.setenv('MMMTL_CACHE', str(drawn_rooms))


def test_an_option_reaches_everyone(plain, rooms):
    config = load_config(plain, {'tasks.normal.loss.type': 'Cosine', 'tasks.depth.display_range': (1, 2)})
    for name, tasks in everyone(config).items():
        assert list(tasks) == ['depth', 'normal'], name
        assert isinstance(tasks['normal'].loss, Cosine) and tasks['depth'].display_range == (1, 2), name


def test_a_loss_is_chosen_by_an_option(plain, rooms):
    options = {'tasks.depth.loss.type': 'SILog', 'tasks.depth.loss.variance_focus': 0.5}
    for name, tasks in everyone(load_config(plain, options)).items():
        assert isinstance(tasks['depth'].loss, SILog) and tasks['depth'].loss.variance_focus == 0.5, name
    digests = {
        recipe_digest(load_config(plain, options))
        for options in ({}, {'tasks.depth.loss.type': 'SILog'}, options, {'tasks.depth.loss.type': 'BerHu'})
    }
    assert len(digests) == 4


@pytest.mark.parametrize(
    'options, message',
    [
        ({'tasks.depth.loss.type': 'SILogg'}, "tasks.depth.loss.type: 'SILogg' is not registered; did you mean"),
        (
            {'tasks.depth.loss.type': 'SILog', 'tasks.depth.loss.variance': 1},
            "tasks.depth.loss.variance: SILog takes no argument 'variance'; did you mean 'variance_focus'",
        ),
        ({'tasks.depth.loss.type': 'CrossEntropy'}, 'tasks.depth.loss: CrossEntropy takes classes, not positive'),
    ],
)
def test_a_loss_that_cannot_be_is_refused(plain, rooms, options, message):
    with pytest.raises(ConfigError, match=message):
        everyone(load_config(plain, options))


def test_a_new_task_by_option_reaches_everyone(plain, rooms):
    option = {'tasks.semseg': dict(type='mmmtl.SemSeg', classes=['a', 'b', 'c'])}
    for name, tasks in everyone(load_config(plain, option)).items():
        assert list(tasks) == ['depth', 'normal', 'semseg'] and tasks['semseg'].channels == 3, name


@pytest.mark.parametrize(
    ('key', 'value', 'meant'),
    [
        ('model.tasks.depth.encoding', 'log', 'tasks.depth.encoding'),
        ('model.tasks', dict(depth=dict(type='mmmtl.Depth')), 'tasks'),
        ('train_dataloader.dataset.tasks.depth.display_range', (2, 3), 'tasks.depth.display_range'),
    ],
)
def test_an_option_for_the_tasks_of_one_part_is_refused(plain, rooms, key, value, meant):
    with pytest.raises(ConfigError, match=f'{key} has no effect, because all parts get .*; set {meant}$'):
        load_config(plain, {key: value})


def test_an_option_for_the_tasks_of_a_metric_is_refused(plain, rooms):
    with pytest.raises(ConfigError, match='1.tasks.depth.encoding has no effect'):
        load_config(plain, {'val_evaluator.1.tasks.depth.encoding': 'log'})


def test_tasks_of_a_child_config_reach_everyone(plain, rooms):
    child = plain.with_name('child.py')
    child.write_text(
        "_base_ = ['plain.py']\ntasks = dict(_delete_=True, depth=dict(type='mmmtl.Depth', display_range=(2, 3)))"
    )
    for name, tasks in everyone(load_config(child)).items():
        assert list(tasks) == ['depth'] and tasks['depth'].display_range == (2, 3), name


@pytest.mark.parametrize(
    'change',
    [
        "tasks = dict(normal=dict(type=Normal, loss=dict(type='L1')))",
        "tasks.pop('depth')\ntasks['normal'].update(loss=dict(type='L1'))",
    ],
)
def test_tasks_of_a_child_config_of_imports_reach_everyone(lazy, change):
    child = lazy.with_name('child.py')
    child.write_text(
        'from mmengine.config import read_base\nfrom mmmtl.tasks import Normal\n'
        f'with read_base():\n    from .lazy import *\n{change}\n'
    )
    config = load_config(child)
    for part in (MODELS.build(config.model), METRICS.build(config.val_evaluator)):
        assert list(part.tasks) == ['normal'] and isinstance(part.tasks['normal'].loss, L1)
