"""How well our tasks keep their contract, which `tests/testing/test_tasks.py` tries, and how tasks are built."""

import numpy as np
import pytest
import torch
from every_task import ALL, every_task, labels, perfect, some_logits

from mmmtl.errors import ConfigError
from mmmtl.metrics import CrossViewMetric
from mmmtl.models.consistency_losses import JointTaskSpace
from mmmtl.models.consistency_losses.label_mapping import LabelMappings
from mmmtl.tasks import Depth, Task, build_tasks, unchanged
from mmmtl.tasks.valid_pixels import ratio, valid_window


@every_task
def test_error_is_zero_where_prediction_and_label_agree(task):
    target = labels(task)
    total, _ = task.error(perfect(task, target), target)
    assert total.abs().max() < 1e-5


@every_task
def test_the_perfect_prediction_beats_another_one(task):
    target = labels(task)
    scores = [
        task.compute_metrics(task.metric_sums(task.predict(logits), target))[task.primary_metric]
        for logits in (perfect(task, target), some_logits(task, target))
    ]
    assert (scores[0] > scores[1]) == task.higher_is_better
    assert scores[0] == pytest.approx(1.0 if task.higher_is_better else 0.0, abs=1e-3)


@every_task
def test_descending_the_error_finds_the_label(task):
    target = labels(task)
    logits = some_logits(task, target).requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.1)
    first = task.error(logits, target)[0].sum().item()
    for _ in range(100):
        optimizer.zero_grad()
        total = task.error(logits, target)[0].sum()
        total.backward()
        optimizer.step()
    assert total.item() < 0.05 * first


def test_the_known_window_is_the_image_without_padding():
    known = np.zeros((6, 8), bool)
    known[2, 3], known[4, 6] = True, True
    assert valid_window(known) == (slice(2, 5), slice(3, 7))


def test_the_contract_is_abstract():
    with pytest.raises(TypeError, match='abstract'):
        Task('anything')


def test_no_task_is_called_like_the_total():
    with pytest.raises(ConfigError, match='name of the total'):
        build_tasks({'loss': dict(type='Depth')})


@pytest.mark.parametrize('name', ['sem.seg', 'part/depth', '', 'keys', 'training', 3])
def test_names_that_a_head_or_a_score_cannot_have(name):
    with pytest.raises(ConfigError, match=rf'^tasks: {name!r} cannot be the name of a task'):
        build_tasks({name: dict(type=Depth)})


@pytest.mark.parametrize('config', [None, {}, 3])
def test_a_task_has_a_type(config):
    with pytest.raises(ConfigError, match=r'^tasks\.depth: expected dict\(type=...\), found '):
        build_tasks({'depth': config})


def test_build_tasks_names_them_and_lets_built_ones_through():
    built = build_tasks(
        {'far': dict(type=Depth), 'near': dict(type='Depth', display_range=(0, 1)), 'old': ALL['depth']}
    )
    assert [(name, task.name) for name, task in built.items()] == [('far', 'far'), ('near', 'near'), ('old', 'depth')]
    assert built['old'] is ALL['depth'] and built['near'].display_range == (0, 1)
    config = dict(depth=dict(type=Depth))
    build_tasks(config)
    assert config == dict(depth=dict(type=Depth))
    with pytest.raises(ConfigError, match='tasks is empty'):
        build_tasks({})


def test_what_a_class_does_not_state_is_named():
    stated = dict(channels=1, void=0.0, allows_integers=True, loss_space='values', default_loss=dict(type='L1'))
    vague = type('Vague', (Task,), {**dict.fromkeys(Task.__abstractmethods__, unchanged), **stated})
    with pytest.raises(TypeError, match='not set interpolation, primary_metric, higher_is_better; see mmmtl.ta'):
        vague('vague')


@pytest.mark.parametrize(
    'build, message',
    [
        (
            lambda task: JointTaskSpace({'depth': Depth('depth'), 'x': task}),
            r'JointTaskSpace: the task x \(Bare\) has no encoding for networks that relate tasks; remove the task',
        ),
        (
            lambda task: LabelMappings({'depth': Depth('depth'), 'x': task}),
            r'LabelMappings: the task x \(Bare\) has no e',
        ),
        (
            lambda task: CrossViewMetric({'depth': Depth('depth'), 'x': task}),
            r'CrossViewMetric: the task x \(Bare\) has no change of view; .* or define Bare.view_change',
        ),
        (
            lambda task: CrossViewMetric({'x': task}, names=['y']),
            'CrossViewMetric.names: unknown tasks y; the tasks are x',
        ),
    ],
)
def test_a_task_without_the_required_ability_is_an_error(build, message):
    bare = type('Bare', (Depth,), dict(encoding=None, view_change=None, stereo=None))('x')
    with pytest.raises(ConfigError, match=message) as error:
        build(bare)
    assert '\n' not in str(error.value)
    assert list(CrossViewMetric({'depth': Depth('depth'), 'x': bare}, names=['depth']).tasks) == ['depth']


def test_ratio_is_nan_where_there_is_nothing_to_divide_by():
    quotient = ratio(torch.tensor([3, 0, 0]), torch.tensor([4, 5, 0]))
    assert quotient.dtype == torch.float64
    assert quotient[:2].tolist() == [0.75, 0] and quotient[2].isnan()
