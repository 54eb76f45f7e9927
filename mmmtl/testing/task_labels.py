"""Properties of the labels of a task: check, void, flip, zoom, resize, and their conversion to logits and back."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from mmmtl.testing.contract import assert_close, to_array, to_target
from mmmtl.testing.task_trial import TaskTrial

Transform = Callable[[np.ndarray], np.ndarray]

ZOOM = 1.5


def valid_labels_are_accepted(trial: TaskTrial) -> None:
    """`Task.check` accepts valid and void labels."""
    task = trial.task
    for label in (*trial.target, trial.all_void[0]):
        task.check(to_array(task, label))


def invalid_labels_are_rejected(trial: TaskTrial) -> None:
    """`Task.check` raises a ValueError with the name of the task for a wrong shape and for NaN."""
    task = trial.task
    array = to_array(task, trial.target[0])
    broken = array.astype(np.float32)
    broken[0, 0] = math.nan
    for wrong, what in (
        (np.zeros((*array.shape[:2], task.target_channels + 1), array.dtype), 'one channel too many'),
        (array[0], 'a row instead of a map'),
        (broken, 'NaN'),
    ):
        try:
            task.check(wrong)
        except ValueError as error:
            assert task.name in str(error), f'the error about {what} does not name the task: {error}'
        else:
            raise AssertionError(f'check accepts {what}')


def void_pixels_are_not_valid(trial: TaskTrial) -> None:
    """`Task.valid` is a bool mask (N, H, W) that excludes the void value."""
    task, void = trial.task, torch.tensor(trial.task.void, dtype=trial.task.dtype)
    assert void.item() == task.void, f'void {task.void} cannot be represented by {task.dtype}'
    for target in (trial.target, trial.all_void):
        is_void = (target == void).all(1)
        assert not (task.valid(target) & is_void).any(), f'valid() is True for the void value {task.void}'
    assert trial.valid.dtype == torch.bool and trial.valid.shape == (len(trial.target), *trial.target.shape[2:])


def flipping_twice_restores_the_label(trial: TaskTrial) -> None:
    """`Task.hflip` is its own inverse."""
    assert_inverse(trial, lambda label: trial.task.hflip(label), lambda label: trial.task.hflip(label))


def zooming_back_restores_the_label(trial: TaskTrial) -> None:
    """`Task.zoom` by 1 / f is the inverse of that by f."""
    assert_inverse(trial, lambda label: trial.task.zoom(label, ZOOM), lambda label: trial.task.zoom(label, 1 / ZOOM))


def assert_inverse(trial: TaskTrial, transform: Transform, inverse: Transform) -> None:
    """Assert that a transform keeps dtype, shape and void pixels, and that its inverse restores the label."""
    task, array = trial.task, to_array(trial.task, trial.target[0])
    before = array.copy()
    transformed = transform(array)
    assert np.array_equal(array, before), 'the label is changed in place'
    assert transformed.dtype == array.dtype, f'{array.dtype} labels become {transformed.dtype}'
    assert transformed.shape == array.shape, f'labels {array.shape} become {transformed.shape}'
    valid = task.valid(to_target(task, array))
    assert torch.equal(task.valid(to_target(task, transformed)), valid), 'the mask of valid pixels changes'
    task.check(transformed)
    assert_close(to_target(task, inverse(transformed)), to_target(task, array), 'the inverse does not restore it', 1e-6)


def tensors_and_arrays_zoom_alike(trial: TaskTrial) -> None:
    """`Task.zoom` gives the same result for tensors and arrays."""
    task = trial.task
    zoom: Any = task.zoom  # annotated for arrays
    assert_close(
        zoom(trial.label[:1].float(), torch.full((1, 1, 1, 1), ZOOM)),
        to_target(task, task.zoom(to_array(task, trial.label[0].float()), ZOOM)),
        'zoom of a tensor and of an array differ',
    )


def values_are_flipped_like_labels(trial: TaskTrial) -> None:
    """`Task.hflip_values` does to values what `Task.hflip` does to labels."""
    task, label = trial.task, trial.label[:1]
    flipped = to_target(task, task.hflip(to_array(task, label[0])))
    assert_close(
        task.hflip_values(task.to_values(label).float()),
        task.to_values(flipped).float(),
        'hflip_values of the values and the values of hflip differ',
    )


def equal_values_are_their_mean(trial: TaskTrial) -> None:
    """`Task.from_mean_space` is the inverse of `Task.to_mean_space`."""
    task, valid = trial.task, trial.valid[:, None]
    values = task.activate(trial.correct_logits)
    mean = task.from_mean_space(task.to_mean_space(values))
    assert_close(
        torch.where(valid, mean, 0),
        torch.where(valid, values, 0),
        'the mean of equal values differs from them',
    )


def resizing_does_not_mix_in_void(trial: TaskTrial) -> None:
    """`Task.resize` does not interpolate between values and void."""
    task = trial.task
    value = trial.label[:1, :, :1, :1]
    target = torch.where(trial.valid[:1, None], value, torch.tensor(task.void, dtype=task.dtype))
    array = to_array(task, target[0])
    for size in ((9, 11), (4, 5)):
        resized = to_target(task, task.resize(array, size))
        found = resized.movedim(1, -1)[task.valid(resized)]
        assert (found == value.flatten()).all(), (
            f'a label of {value.flatten().tolist()} and void holds {found.unique().tolist()[:4]} after a resize; '
            f'interpolation={task.interpolation!r} mixes values and void'
        )


def logits_round_trip(trial: TaskTrial) -> None:
    """`to_logits` is the inverse of `activate`, and `predict` restores the label from its result; void is value 0."""
    task, valid = trial.task, trial.valid[:, None]
    values = task.to_values(trial.target)
    assert not values.masked_select(~valid).any(), 'to_values is not 0 at void pixels'
    activated = task.activate(trial.correct_logits)
    assert activated.shape == values.shape, (
        f'activate returns {tuple(activated.shape)}, to_values {tuple(values.shape)}; the shapes must be equal'
    )
    assert_close(
        torch.where(valid, activated, 0), torch.where(valid, values, 0), 'activate(to_logits(values)) is not values'
    )
    assert_close(
        torch.where(valid, task.predict(trial.correct_logits), 0),
        torch.where(valid, trial.target, 0),
        'predict(to_logits(to_values(label))) is not the label',
    )


def predictions_have_the_shape_and_dtype_of_labels(trial: TaskTrial) -> None:
    """Predictions have shape and dtype of labels, and do not depend on other images of the batch."""
    prediction = trial.task.predict(trial.logits)
    assert prediction.shape == trial.target.shape, f'{tuple(prediction.shape)} for labels {tuple(trial.target.shape)}'
    assert prediction.dtype == trial.target.dtype, f'{prediction.dtype} for labels of {trial.target.dtype}'
    alone = torch.cat([trial.task.predict(logits[None]) for logits in trial.logits])
    # up to rounding: vectorized kernels (sigmoid, exp) may round a value by its position in memory
    assert_close(alone, prediction, 'a prediction depends on the other images of the batch', tolerance=1e-6)


PROPERTIES = (
    valid_labels_are_accepted,
    invalid_labels_are_rejected,
    void_pixels_are_not_valid,
    flipping_twice_restores_the_label,
    zooming_back_restores_the_label,
    tensors_and_arrays_zoom_alike,
    values_are_flipped_like_labels,
    equal_values_are_their_mean,
    resizing_does_not_mix_in_void,
    logits_round_trip,
    predictions_have_the_shape_and_dtype_of_labels,
)
