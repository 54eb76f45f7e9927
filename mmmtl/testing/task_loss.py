"""Properties of the loss of a task: sum and count per image, void pixels, convergence to the label."""

import math
from functools import partial

import torch
from torch import Tensor

from mmmtl.tasks import Task
from mmmtl.testing.contract import assert_close, assert_equal, first_values
from mmmtl.testing.task_trial import TaskTrial

VALUES_AT_VOID = (1e4, math.nan, math.inf, -math.inf)
MAX_RATIO = 0.1  # of the loss of correct logits to that of random ones


def loss_has_a_sum_and_a_count_per_image(trial: TaskTrial) -> None:
    """`Task.error` returns the float32 sum of the loss and the number of valid pixels, (N,) each."""
    total, count = trial.task.error(trial.logits, trial.target)
    for name, values in (('sum', total), ('count', count)):
        assert values.shape == (len(trial.target),), f'the {name} has shape {tuple(values.shape)}'
        assert values.dtype == torch.float32, f'the {name} is {values.dtype}'
    assert_equal(count, trial.valid.sum((1, 2)).float(), 'the count is not the number of valid pixels')
    assert total.isfinite().all() and (total > 0).all(), f'the loss of random logits is {first_values(total)}'


def correct_logits_have_a_small_loss(trial: TaskTrial) -> None:
    """Correct logits have at most a tenth of the loss of random ones."""
    correct, random = (trial.task.error(logits, trial.target)[0] for logits in (trial.correct_logits, trial.logits))
    assert (correct <= MAX_RATIO * random).all(), (
        f'the loss of correct logits is {first_values(correct)}, of random ones {first_values(random)}'
    )


def void_pixels_do_not_change_the_loss(trial: TaskTrial) -> None:
    """Logits at void pixels change neither loss nor gradient, even if they are not finite."""
    void = ~trial.valid[:, None]
    expected = with_gradient(trial.task, trial.logits, trial.target)
    gradient = expected[2]
    assert not gradient.masked_select(void).any(), 'void pixels have a gradient'
    assert gradient.isfinite().all(), 'the gradient is not finite'
    assert (gradient.abs().sum(1)[~void[:, 0]] > 0).all(), 'a valid pixel has no gradient'
    for value in VALUES_AT_VOID:
        found = with_gradient(trial.task, trial.logits.masked_fill(void, value), trial.target)
        for name, one, other in zip(('sum', 'count', 'gradient'), found, expected, strict=True):
            assert_equal(one, other, f'the {name} changes with logits of {value} at void pixels')


def with_gradient(task: Task, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return sum and count per image, and the gradient of the logits."""
    logits = logits.clone().requires_grad_()
    total, count = task.error(logits, target)
    total.sum().backward()
    assert logits.grad is not None
    return total.detach(), count, logits.grad


def unlabelled_images_give_a_connected_zero(trial: TaskTrial) -> None:
    """An image without valid pixels has loss 0 and a zero gradient, even with NaN logits."""
    target, logits = trial.target.clone(), trial.logits.clone()
    target[1] = trial.task.void
    logits[1, :, 0, 0] = math.nan
    logits.requires_grad_()
    total, count = trial.task.error(logits, target)
    assert total[1] == count[1] == 0, f'it has sum {total[1]} and count {count[1]}'
    assert total.requires_grad, 'it is not connected to the graph'
    total.sum().backward()
    assert logits.grad is not None
    assert not logits.grad[1].any() and logits.grad.isfinite().all(), 'it has a gradient, or the gradient is not finite'
    assert logits.grad[0].any(), 'the labelled image of the batch has no gradient'


def images_are_independent(trial: TaskTrial) -> None:
    """The loss of an image depends neither on other images nor on their order."""
    whole = trial.task.error(trial.logits, trial.target)
    flipped = [values.flip(0) for values in trial.task.error(trial.logits.flip(0), trial.target.flip(0))]
    for name, one, other in zip(('sum', 'count'), flipped, whole, strict=True):
        assert_close(one, other, f'the {name} changes with the images in a different order', tolerance=1e-6)
    alone = [trial.task.error(trial.logits[i : i + 1], trial.target[i : i + 1]) for i in range(len(trial.target))]
    for name, both, singles in zip(('sum', 'count'), whole, zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(
            both,
            torch.cat(singles),
            msg=partial('the {} of an image depends on the other images: {}'.format, name),
        )


def gradient_descent_finds_the_label(trial: TaskTrial) -> None:
    """100 steps of Adam reduce the loss to a tenth and improve the primary metric."""
    logits = trial.logits.clone().requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.1)
    first = trial.task.error(logits, trial.target)[0].sum().item()
    for _ in range(100):
        optimizer.zero_grad()
        total = trial.task.error(logits, trial.target)[0].sum()
        total.backward()
        optimizer.step()
    assert total.item() < MAX_RATIO * first, f'100 steps of Adam change the loss from {first:g} to {total.item():g}'
    scores = [
        trial.task.compute_metrics(trial.task.metric_sums(trial.task.predict(values), trial.target))[
            trial.task.primary_metric
        ]
        for values in (trial.logits, logits.detach())
    ]
    better = scores[1] > scores[0] if trial.task.higher_is_better else scores[1] < scores[0]
    assert better, f'the loss falls, but {trial.task.primary_metric} changes from {scores[0]:g} to {scores[1]:g}'


PROPERTIES = (
    loss_has_a_sum_and_a_count_per_image,
    correct_logits_have_a_small_loss,
    void_pixels_do_not_change_the_loss,
    unlabelled_images_give_a_connected_zero,
    images_are_independent,
    gradient_descent_finds_the_label,
)
