"""What every task must keep, whichever it is: void pixels do not exist, images do not mix, sums add up."""

import math

import numpy as np
import pytest
import torch
from every_task import ALL, every_task, labels, perfect, some_logits
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.metrics import CrossViewMetric
from mmmtl.models.consistency_losses import JointTaskSpace
from mmmtl.models.consistency_losses.label_mapping import LabelMappings
from mmmtl.tasks import Depth, SemSeg, Task, build_tasks, unchanged
from mmmtl.tasks.task import known_window, ratio


@every_task
def test_error_has_one_sum_and_one_count_per_image(task):
    target = labels(task)
    total, count = task.error(some_logits(task, target), target)
    assert total.shape == count.shape == (3,)
    assert total.dtype == count.dtype == torch.float32
    assert torch.equal(count, task.valid(target).sum((1, 2)).float())
    assert (total > 0).all() and total.isfinite().all()


@every_task
def test_error_is_zero_where_prediction_and_label_agree(task):
    target = labels(task)
    total, _ = task.error(perfect(task, target), target)
    assert total.abs().max() < 1e-5


@every_task
@pytest.mark.parametrize('nonsense', [1e4, math.nan, math.inf, -math.inf])
def test_a_void_pixel_does_not_exist_for_the_error(task, nonsense):
    target = labels(task)
    void = ~task.valid(target)[:, None]
    logits = some_logits(task, target)
    results = []
    for values in (logits, logits.masked_fill(void, nonsense)):
        values = values.clone().requires_grad_()
        total, count = task.error(values, target)
        total.sum().backward()
        results.append((total, count, values.grad))
    for ours, theirs in zip(*results, strict=True):
        assert torch.equal(ours, theirs)
    gradient = results[0][2]
    assert not gradient[void.expand_as(gradient)].any()
    assert (gradient.abs().sum(1)[~void[:, 0]] > 0).all()


@every_task
def test_an_image_without_label_gives_a_connected_zero(task):
    target = labels(task)
    target[1] = task.void
    logits = some_logits(task, target)
    logits[1, :, 0, 0] = math.nan
    logits.requires_grad_()
    total, count = task.error(logits, target)
    assert total[1] == count[1] == 0
    total.sum().backward()
    assert not logits.grad[1].any()
    assert logits.grad[0].any() and logits.grad.isfinite().all()


@every_task
def test_images_do_not_mix(task):
    target = labels(task)
    logits = some_logits(task, target)
    order = torch.tensor([2, 0, 1])
    for whole, moved in zip(task.error(logits, target), task.error(logits[order], target[order]), strict=True):
        assert torch.equal(whole[order], moved)


@every_task
def test_measures_of_images_add_up(task):
    target = labels(task)
    prediction = task.predict(some_logits(task, target))
    whole = task.measure(prediction, target)
    single = [task.measure(prediction[i:i + 1], target[i:i + 1]) for i in (2, 0, 1)]
    assert {value.dtype for value in whole.values()} <= {torch.float64, torch.int64}
    for name, value in whole.items():
        torch.testing.assert_close(sum(sums[name] for sums in single), value, rtol=1e-12, atol=0)


@every_task
@pytest.mark.parametrize('nonsense', [3.0, math.nan, math.inf])
def test_a_void_pixel_does_not_exist_for_the_measure(task, nonsense):
    target = labels(task)
    prediction = task.predict(some_logits(task, target))
    void = ~task.valid(target)[:, None]
    other = prediction.masked_fill(void, int(nonsense) if nonsense == 3 else 0) if isinstance(task, SemSeg) else \
        prediction.masked_fill(void, nonsense)
    assert not torch.equal(prediction, other)
    expected = task.measure(prediction, target)
    for name, value in task.measure(other, target).items():
        assert torch.equal(value, expected[name])


@every_task
def test_the_perfect_prediction_beats_another_one(task):
    target = labels(task)
    scores = [task.score(task.measure(task.predict(logits), target))[task.headline]
              for logits in (perfect(task, target), some_logits(task, target))]
    assert (scores[0] > scores[1]) == task.higher_is_better
    assert scores[0] == pytest.approx(1.0 if task.higher_is_better else 0.0, abs=1e-3)


@every_task
def test_a_split_without_labels_scores_nan(task):
    target = torch.full_like(labels(task), task.void)
    scores = task.score(task.measure(task.predict(some_logits(task, target)), target))
    assert task.headline in scores
    assert all(math.isnan(value) for value in scores.values())


@every_task
def test_scores_are_plain_numbers(task):
    target = labels(task)
    scores = task.score(task.measure(task.predict(some_logits(task, target)), target))
    assert all(type(value) is float and math.isfinite(value) for value in scores.values())


@every_task
def test_a_prediction_that_is_no_number_does_not_stop_the_evaluation(task):
    target = labels(task)
    logits = some_logits(task, target)
    logits[0, :, 0, 0] = math.nan
    scores = task.score(task.measure(task.predict(logits), target))
    if not isinstance(task, SemSeg):  # the largest of NaNs is still a class
        assert math.isnan(scores[task.headline])


@every_task
def test_predict_has_the_shape_and_kind_of_a_label(task):
    target = labels(task)
    prediction = task.predict(some_logits(task, target))
    assert prediction.shape == target.shape and prediction.dtype == target.dtype


@every_task
def test_labels_flip_back_and_zoom_back(task):
    array = to_array(task, labels(task)[0])
    for there, back in ((task.mirror, task.mirror), (lambda x: task.zoom(x, 1.5), lambda x: task.zoom(x, 1 / 1.5))):
        moved = there(array.copy())
        assert moved.dtype == array.dtype
        assert task.valid(to_target(task, moved)).equal(task.valid(to_target(task, array)))
        np.testing.assert_allclose(back(moved), array, rtol=1e-6)
        task.check(moved)


@every_task
def test_check_takes_a_label_and_refuses_what_is_none(task):
    array = to_array(task, labels(task)[0])
    task.check(array)
    task.check(np.full_like(array, task.void))
    with pytest.raises(ValueError, match=rf'expected H x W.* {task.name}, found shape \(5, 7, 2\)'):
        task.check(np.zeros((5, 7, 2), array.dtype))
    with pytest.raises(ValueError, match=task.name):
        task.check(array[0])
    broken = array.astype(np.float32)
    broken[0, 0] = math.nan
    with pytest.raises(ValueError, match=f'NaN or infinite; mark missing values by {task.void}'):
        task.check(broken)


@every_task
def test_a_picture_is_rgb_and_void_is_black(task):
    target = labels(task)[:1]
    picture = task.draw(to_array(task, target[0]))
    assert picture.shape == (5, 7, 3) and picture.dtype == np.uint8
    known = task.valid(target)[0].numpy()
    assert not picture[~known].any()
    assert picture[known].any(-1).all()
    assert not task.draw(np.full_like(to_array(task, target[0]), task.void)).any()


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
    assert known_window(known) == (slice(2, 5), slice(3, 7))


def test_the_contract_is_abstract():
    with pytest.raises(TypeError, match='abstract'):
        Task('anything')


def test_no_task_is_called_like_the_total():
    with pytest.raises(ConfigError, match='name of the total'):
        build_tasks({'loss': dict(type='Depth')})


def test_build_tasks_names_them_and_lets_built_ones_through():
    built = build_tasks({'far': dict(type=Depth), 'near': dict(type='Depth', drawn_range=(0, 1)), 'old': ALL['depth']})
    assert [(name, task.name) for name, task in built.items()] == [('far', 'far'), ('near', 'near'), ('old', 'depth')]
    assert built['old'] is ALL['depth'] and built['near'].drawn_range == (0, 1)
    config = dict(depth=dict(type=Depth))
    build_tasks(config)
    assert config == dict(depth=dict(type=Depth))
    with pytest.raises(ConfigError, match='tasks is empty'):
        build_tasks({})


def test_what_a_class_does_not_state_is_named():
    stated = dict(channels=1, void=0.0, whole_numbers=True, loss_space='values', default_loss=dict(type='L1'))
    vague = type('Vague', (Task,), {**dict.fromkeys(Task.__abstractmethods__, unchanged), **stated})
    with pytest.raises(TypeError, match='Vague does not state interpolation, headline, higher_is_better; see mmmtl.ta'):
        vague('vague')


@pytest.mark.parametrize('build, message', [
    (lambda task: JointTaskSpace({'depth': Depth('depth'), 'x': task}),
     r'JointTaskSpace: the task x \(Bare\) has no encoding for networks that relate tasks; leave the task out'),
    (lambda task: LabelMappings({'depth': Depth('depth'), 'x': task}), r'LabelMappings: the task x \(Bare\) has no e'),
    (lambda task: CrossViewMetric({'depth': Depth('depth'), 'x': task}),
     r'CrossViewMetric: the task x \(Bare\) has no change of view; .* or state Bare.view_change'),
    (lambda task: CrossViewMetric({'x': task}, names=['y']), 'CrossViewMetric.names: y is no task; the tasks are x'),
])
def test_what_needs_an_ability_that_a_task_lacks_refuses_it(build, message):
    bare = type('Bare', (Depth,), dict(encoding=None, view_change=None, stereo=None))('x')
    with pytest.raises(ConfigError, match=message) as error:
        build(bare)
    assert '\n' not in str(error.value)
    assert list(CrossViewMetric({'depth': Depth('depth'), 'x': bare}, names=['depth']).tasks) == ['depth']


def test_ratio_is_nan_where_there_is_nothing_to_divide_by():
    quotient = ratio(torch.tensor([3, 0, 0]), torch.tensor([4, 5, 0]))
    assert quotient.dtype == torch.float64
    assert quotient[:2].tolist() == [0.75, 0] and quotient[2].isnan()


def to_array(task: Task, target: Tensor) -> np.ndarray:
    """(C, H, W) -> (H, W) or (H, W, C), as the pipeline has it."""
    return target[0].numpy() if task.target_channels == 1 else target.permute(1, 2, 0).numpy()


def to_target(task: Task, array: np.ndarray) -> Tensor:
    """And back, as a batch of one."""
    return torch.from_numpy(array[None] if task.target_channels == 1 else array.transpose(2, 0, 1))[None]
