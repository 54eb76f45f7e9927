"""The loss of a task: what is summed, what void is not, and that it leads to the label."""

import math

import torch
from torch import Tensor

from mmmtl.tasks import Task
from mmmtl.testing.contract import assert_close, assert_equal, first_values
from mmmtl.testing.task_trial import TaskTrial

NONSENSE = (1e4, math.nan, math.inf, -math.inf)
LEAST = 0.1  # of the loss of random logits: more must not be left where prediction and label agree


def loss_has_a_sum_and_a_count_per_image(trial: TaskTrial) -> None:
    total, count = trial.task.error(trial.logits, trial.target)
    for name, values in (('sum', total), ('count', count)):
        assert values.shape == (len(trial.target),), f'the {name} has shape {tuple(values.shape)}'
        assert values.dtype == torch.float32, f'the {name} is {values.dtype}'
    assert_equal(count, trial.valid.sum((1, 2)).float(), 'the count is not that of the known pixels')
    assert total.isfinite().all() and (total > 0).all(), f'the loss of random logits is {first_values(total)}'


def correct_logits_have_a_small_loss(trial: TaskTrial) -> None:
    agreed, random = (trial.task.error(logits, trial.target)[0] for logits in (trial.right, trial.logits))
    assert (agreed <= LEAST * random).all(), (
        f'logits that state the label cost {first_values(agreed)}, random ones {first_values(random)}'
    )


def void_pixels_do_not_change_the_loss(trial: TaskTrial) -> None:
    void = ~trial.valid[:, None]
    expected = with_gradient(trial.task, trial.logits, trial.target)
    gradient = expected[2]
    assert not gradient.masked_select(void).any(), 'void pixels have a gradient'
    assert gradient.isfinite().all(), 'the gradient is not finite'
    assert (gradient.abs().sum(1)[~void[:, 0]] > 0).all(), 'a known pixel has no gradient'
    for nonsense in NONSENSE:
        found = with_gradient(trial.task, trial.logits.masked_fill(void, nonsense), trial.target)
        for name, one, other in zip(('sum', 'count', 'gradient'), found, expected, strict=True):
            assert_equal(one, other, f'the {name} changes with logits of {nonsense} at void pixels')


def with_gradient(task: Task, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Sum, count and the gradient of the logits."""
    logits = logits.clone().requires_grad_()
    total, count = task.error(logits, target)
    total.sum().backward()
    return total.detach(), count, logits.grad


def unlabelled_images_give_a_connected_zero(trial: TaskTrial) -> None:
    target, logits = trial.target.clone(), trial.logits.clone()
    target[1] = trial.task.void
    logits[1, :, 0, 0] = math.nan
    logits.requires_grad_()
    total, count = trial.task.error(logits, target)
    assert total[1] == count[1] == 0, f'it has sum {total[1]} and count {count[1]}'
    assert total.requires_grad, 'it is not connected to the graph'
    total.sum().backward()
    assert not logits.grad[1].any() and logits.grad.isfinite().all(), 'its logits have a gradient, or NaN gets through'
    assert logits.grad[0].any(), 'the labelled image has no gradient beside it'


def images_are_independent(trial: TaskTrial) -> None:
    whole = trial.task.error(trial.logits, trial.target)
    turned = [values.flip(0) for values in trial.task.error(trial.logits.flip(0), trial.target.flip(0))]
    for name, one, other in zip(('sum', 'count'), turned, whole, strict=True):
        assert_close(one, other, f'the {name} changes with the images in another order', tolerance=1e-6)
    alone = [trial.task.error(trial.logits[i : i + 1], trial.target[i : i + 1]) for i in range(len(trial.target))]
    for name, both, singles in zip(('sum', 'count'), whole, zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(
            both,
            torch.cat(singles),
            msg=lambda text, name=name: f'the {name} of an image depends on the other images: {text}',
        )


def gradient_descent_finds_the_label(trial: TaskTrial) -> None:
    logits = trial.logits.clone().requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.1)
    first = trial.task.error(logits, trial.target)[0].sum().item()
    for _ in range(100):
        optimizer.zero_grad()
        total = trial.task.error(logits, trial.target)[0].sum()
        total.backward()
        optimizer.step()
    assert total.item() < LEAST * first, f'100 steps of Adam lead from {first:g} to {total.item():g}'
    scores = [
        trial.task.compute_metrics(trial.task.metric_sums(trial.task.predict(values), trial.target))[
            trial.task.primary_metric
        ]
        for values in (trial.logits, logits.detach())
    ]
    better = scores[1] > scores[0] if trial.task.higher_is_better else scores[1] < scores[0]
    assert better, f'the loss falls, but {trial.task.primary_metric} goes from {scores[0]:g} to {scores[1]:g}'


PROPERTIES = (
    loss_has_a_sum_and_a_count_per_image,
    correct_logits_have_a_small_loss,
    void_pixels_do_not_change_the_loss,
    unlabelled_images_give_a_connected_zero,
    images_are_independent,
    gradient_descent_finds_the_label,
)
