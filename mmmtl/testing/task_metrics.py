"""Properties of the metrics and visualizations of a task."""

import math
from functools import partial

import numpy as np
import torch

from mmmtl.testing.contract import assert_equal, to_array
from mmmtl.testing.task_trial import TaskTrial


def metric_sums_are_additive(trial: TaskTrial) -> None:
    """The metric sums of a batch, float64 or int64, are the sums over its images."""
    task, prediction = trial.task, trial.task.predict(trial.logits)
    whole = task.metric_sums(prediction, trial.target)
    single = [
        task.metric_sums(prediction[i : i + 1], trial.target[i : i + 1]) for i in reversed(range(len(prediction)))
    ]
    for name, value in whole.items():
        assert value.dtype in (torch.float64, torch.int64), f'the sum {name} is {value.dtype}, not float64 or int64'
        torch.testing.assert_close(
            sum(sums[name] for sums in single),
            value,
            rtol=1e-12,
            atol=0,
            msg=partial('{} of a batch is not the sum over its images: {}'.format, name),
        )


def void_pixels_do_not_change_the_metric(trial: TaskTrial) -> None:
    """Predictions at void pixels do not change the metric sums."""
    task, prediction, void = trial.task, trial.task.predict(trial.logits), ~trial.valid[:, None]
    expected = task.metric_sums(prediction, trial.target)
    for value_at_void in (0, 3, math.nan, math.inf) if task.dtype.is_floating_point else (0, task.channels - 1):
        for name, value in task.metric_sums(prediction.masked_fill(void, value_at_void), trial.target).items():
            assert_equal(value, expected[name], f'{name} changes with predictions of {value_at_void} at void pixels')


def correct_predictions_score_better(trial: TaskTrial) -> None:
    """Correct predictions score better than random ones by the primary metric; scores are finite floats."""
    task = trial.task
    scores = [
        task.compute_metrics(task.metric_sums(task.predict(logits), trial.target))
        for logits in (trial.correct_logits, trial.logits)
    ]
    assert task.primary_metric in scores[0], (
        f'the primary metric {task.primary_metric} is not one of the scores {", ".join(scores[0])}'
    )
    correct, random = (values[task.primary_metric] for values in scores)
    assert (correct > random) == task.higher_is_better and correct != random, (
        f'{task.primary_metric} of correct logits is {correct:g}, of random ones {random:g}, and higher_is_better is '
        f'{task.higher_is_better}'
    )
    for name, value in scores[1].items():
        assert type(value) is float and math.isfinite(value), f'{name} is {value!r}, expected a finite float'


def no_labels_score_nan(trial: TaskTrial) -> None:
    """Without a valid pixel every score is NaN."""
    task = trial.task
    scores = task.compute_metrics(task.metric_sums(task.predict(trial.logits), trial.all_void))
    assert task.primary_metric in scores, f'the primary metric {task.primary_metric} is missing'
    for name, value in scores.items():
        assert math.isnan(value), f'{name} is {value:g}, expected NaN'


def nan_predictions_score_nan(trial: TaskTrial) -> None:
    """A prediction of NaN at a valid pixel gives a NaN score."""
    task, logits = trial.task, trial.logits.clone()
    logits[0, :, 0, 0] = math.nan
    prediction = task.predict(logits)
    score = task.compute_metrics(task.metric_sums(prediction, trial.target))[task.primary_metric]
    if prediction.is_floating_point():  # the argmax of NaN logits is still a class
        assert math.isnan(score), f'{task.primary_metric} is {score:g} with a prediction of NaN at a valid pixel'


def visualizations_are_rgb_with_black_void(trial: TaskTrial) -> None:
    """Visualizations are (H, W, 3) uint8; void pixels, and only these, are black."""
    task, size = trial.task, tuple(trial.target.shape[2:])
    for target, valid in zip(trial.target, trial.valid, strict=True):
        image = task.visualize(to_array(task, target))
        assert image.shape == (*size, 3) and image.dtype == np.uint8, f'{image.shape}, {image.dtype}'
        assert not image[~valid.numpy()].any(), 'a void pixel is not black'
        assert image[valid.numpy()].any(-1).all(), 'a valid pixel is black'
        for caption, colour in task.legend(to_array(task, target)):
            assert isinstance(caption, str) and len(colour) == 3, f'legend: {caption!r}, {colour!r}'
    assert not task.visualize(to_array(task, trial.all_void[0])).any(), 'a map without valid pixels is not black'


PROPERTIES = (
    metric_sums_are_additive,
    void_pixels_do_not_change_the_metric,
    correct_predictions_score_better,
    no_labels_score_nan,
    nan_predictions_score_nan,
    visualizations_are_rgb_with_black_void,
)
