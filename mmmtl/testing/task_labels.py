"""Labels of a task: what is accepted, what is void, how they move with the image, how they are stated by logits."""

import math

import numpy as np
import torch

from mmmtl.testing.contract import near, same, to_array, to_target
from mmmtl.testing.task_trial import TaskTrial

ZOOM = 1.5


def a_label_is_accepted(trial: TaskTrial) -> None:
    task = trial.task
    for label in (*trial.target, trial.all_void[0]):
        task.check(to_array(task, label))


def what_is_no_label_is_refused(trial: TaskTrial) -> None:
    task = trial.task
    array = to_array(task, trial.target[0])
    broken = array.astype(np.float32)
    broken[0, 0] = math.nan
    for wrong, what in (
        (np.zeros((*array.shape[:2], task.target_channels + 1), array.dtype), 'a channel too many'),
        (array[0], 'a row in the place of a map'),
        (broken, 'NaN'),
    ):
        try:
            task.check(wrong)
        except ValueError as error:
            assert task.name in str(error), f'the error about {what} does not name the task: {error}'
        else:
            raise AssertionError(f'check accepts {what}')


def void_is_not_valid(trial: TaskTrial) -> None:
    task, void = trial.task, torch.tensor(trial.task.void, dtype=trial.task.dtype)
    assert void.item() == task.void, f'void {task.void} cannot be held by {task.dtype}'
    for target in (trial.target, trial.all_void):
        marked = (target == void).all(1)
        assert not (task.valid(target) & marked).any(), f'valid() takes the void value {task.void} for a label'
    assert trial.valid.dtype == torch.bool and trial.valid.shape == (len(trial.target), *trial.target.shape[2:])


def flipping_twice_changes_nothing(trial: TaskTrial) -> None:
    there_and_back(trial, lambda label: trial.task.hflip(label), lambda label: trial.task.hflip(label))


def zooming_in_and_out_changes_nothing(trial: TaskTrial) -> None:
    there_and_back(trial, lambda label: trial.task.zoom(label, ZOOM), lambda label: trial.task.zoom(label, 1 / ZOOM))


def there_and_back(trial: TaskTrial, there, back) -> None:
    """What `flipping_twice_changes_nothing` and its like share."""
    task, array = trial.task, to_array(trial.task, trial.target[0])
    before = array.copy()
    moved = there(array)
    assert np.array_equal(array, before), 'the label that was handed in is changed in place'
    assert moved.dtype == array.dtype, f'{array.dtype} labels become {moved.dtype}'
    assert moved.shape == array.shape, f'labels {array.shape} become {moved.shape}'
    known = task.valid(to_target(task, array))
    assert torch.equal(task.valid(to_target(task, moved)), known), 'void pixels become known, or known ones void'
    task.check(moved)
    near(to_target(task, back(moved)), to_target(task, array), 'it is not undone', 1e-6)


def a_zoom_of_tensors_is_that_of_arrays(trial: TaskTrial) -> None:
    task = trial.task
    near(
        task.zoom(trial.label[:1].float(), torch.full((1, 1, 1, 1), ZOOM)),
        to_target(task, task.zoom(to_array(task, trial.label[0].float()), ZOOM)),
        'tensors and arrays',
    )


def resizing_mixes_no_label_with_void(trial: TaskTrial) -> None:
    task = trial.task
    value = trial.label[:1, :, :1, :1]
    target = torch.where(trial.valid[:1, None], value, torch.tensor(task.void, dtype=task.dtype))
    array = to_array(task, target[0])
    for size in ((9, 11), (4, 5)):
        resized = to_target(task, task.resize(array, size))
        found = resized.movedim(1, -1)[task.valid(resized)]
        assert (found == value.flatten()).all(), (
            f'a label of {value.flatten().tolist()} and void alone holds {found.unique().tolist()[:4]} after a resize; '
            f'interpolation={task.interpolation!r} mixes them'
        )


def logits_state_the_label(trial: TaskTrial) -> None:
    task, known = trial.task, trial.valid[:, None]
    values = task.to_values(trial.target)
    assert not values.masked_select(~known).any(), 'to_values is not 0 where the label is void'
    stated = task.activate(trial.right)
    assert stated.shape == values.shape, (
        f'activate gives {tuple(stated.shape)} and to_values {tuple(values.shape)}: they must state the same'
    )
    near(torch.where(known, stated, 0), torch.where(known, values, 0), 'activate(to_logits(values)) is not values')
    near(
        torch.where(known, task.predict(trial.right), 0),
        torch.where(known, trial.target, 0),
        'predict(to_logits(to_values(label))) is not the label',
    )


def a_prediction_has_the_shape_and_kind_of_a_label(trial: TaskTrial) -> None:
    prediction = trial.task.predict(trial.logits)
    assert prediction.shape == trial.target.shape, f'{tuple(prediction.shape)} for labels {tuple(trial.target.shape)}'
    assert prediction.dtype == trial.target.dtype, f'{prediction.dtype} for labels of {trial.target.dtype}'
    alone = torch.cat([trial.task.predict(logits[None]) for logits in trial.logits])
    same(alone, prediction, 'a prediction depends on the other images of the batch')


PROPERTIES = (
    a_label_is_accepted,
    what_is_no_label_is_refused,
    void_is_not_valid,
    flipping_twice_changes_nothing,
    zooming_in_and_out_changes_nothing,
    a_zoom_of_tensors_is_that_of_arrays,
    resizing_mixes_no_label_with_void,
    logits_state_the_label,
    a_prediction_has_the_shape_and_kind_of_a_label,
)
