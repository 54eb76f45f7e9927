"""The contract of a loss weighting, checked on a toy network."""

import copy
from collections.abc import Callable, Collection, Sequence

import torch

from mmmtl.models.loss_weighting import LossWeighting
from mmmtl.testing.contract import assert_close, assert_equal, first_values, properties_by_name, try_properties
from mmmtl.testing.weighting_trial import TASKS, WeightingTrial, toy_batch, toy_step, toy_training

STEPS = 4
TOLERANCE = 1e-3


def check_weighting(
    build: Callable[[Sequence[str]], LossWeighting],
    *,
    draws: bool = False,
    properties: Collection[str] | None = None,
) -> None:
    """Check that a loss weighting follows the contract of `LossWeighting`.

    Args:
        build: Called with the names of the tasks, among ``'a'``, ``'b'`` and ``'c'``; returns the weighting. For
            example a class, or ``functools.partial(MyWeighting, temperature=2)``. The network has the parameters
            ``backbone.*`` and ``heads.TASK.*``.
        draws: Whether the weights depend on random numbers; then they may depend on the order of the tasks, and on
            their number.
        properties: Names from ``WEIGHTING_PROPERTIES``; all by default.

    Raises:
        AssertionError: The message names the weighting, the property that it violates, and what was found.
    """
    try_properties(WEIGHTING_PROPERTIES, properties, build, lambda: WeightingTrial(build, draws))


def total_and_gradients_are_finite(trial: WeightingTrial) -> None:
    """The total is a finite float32 scalar, and every parameter has a gradient; shared layer and heads learn."""
    network = trial.network()
    for total, weights, gradients in toy_training(network, [toy_batch(seed, partly=True) for seed in range(STEPS)]):
        assert total.shape == () and total.dtype == torch.float32, f'total is {tuple(total.shape)} {total.dtype}'
        assert total.isfinite(), f'total is {total.item()}'
        assert weights.shape == (len(TASKS),), f'weights have shape {tuple(weights.shape)}, expected ({len(TASKS)},)'
        assert weights.dtype == torch.float32, f'weights are {weights.dtype}, expected float32'
        assert weights.isfinite().all(), f'weights are {first_values(weights)}'
        assert not weights.requires_grad, 'weights have a graph'
        for name, _ in network.named_parameters():
            assert name in gradients, f'{name} is not connected to the graph'
            assert gradients[name].isfinite().all(), f'the gradient of {name} is not finite'
            assert gradients[name].any() or name.startswith('loss_weighting'), f'the gradient of {name} is zero'


def training_reduces_the_losses(trial: WeightingTrial) -> None:
    """30 steps on one batch reduce the sum of the losses by 10 %."""
    network = trial.network()
    before = sum(loss.item() for loss in network.task_losses(*toy_batch())[0])
    toy_training(network, [toy_batch()] * 30, lr=0.02)
    after = sum(loss.item() for loss in network.task_losses(*toy_batch())[0])
    assert after < 0.9 * before, f'the sum of the losses is {before:.4g} before and {after:.4g} after'


def absent_tasks_are_ignored(trial: WeightingTrial) -> None:
    """A task without labels gets no gradient, and the other tasks are weighted as if it did not exist."""
    batches = [toy_batch(seed, hidden='b') for seed in range(STEPS)]
    three, two = toy_training(trial.network(), batches), toy_training(trial.network('ac'), batches)
    for (total, weights, gradients), (total_2, weights_2, gradients_2) in zip(three, two, strict=True):
        assert not gradients['heads.b.weight'].any(), 'the absent task has a gradient'
        if trial.draws:
            continue
        assert_close(total, total_2, 'total with an absent task, and without it', TOLERANCE)
        assert_close(weights[[0, 2]], weights_2, 'weights with an absent task, and without it', TOLERANCE)
        for name in ('backbone.weight', 'heads.a.weight', 'heads.c.weight'):
            assert_close(gradients[name], gradients_2[name], f'gradient of {name} with an absent task', TOLERANCE)


def tasks_may_come_and_go(trial: WeightingTrial) -> None:
    """Everything stays finite if the present tasks change from step to step."""
    network = trial.network()
    for hidden in ('', 'b', 'ac', '', 'a', 'b', 'abc', '', 'c', ''):
        total, weights, gradients = toy_step(network, *toy_batch(hidden=hidden))
        finite = total.isfinite() and weights.isfinite().all() and all(g.isfinite().all() for g in gradients.values())
        assert finite, f'total {total.item():g}, weights {first_values(weights)} with {hidden or "nothing"} absent'


def no_task_is_a_connected_zero(trial: WeightingTrial) -> None:
    """Without any label the total is 0, every parameter has a gradient of 0, and the state does not change."""
    network = trial.network()
    before = copy.deepcopy(network.loss_weighting.state_dict())
    total, weights, gradients = toy_step(network, *toy_batch(hidden='abc'))
    assert total == 0, f'total is {total.item():g}'
    assert weights.isfinite().all(), f'weights are {first_values(weights)}'
    for name, _ in network.named_parameters():
        assert name in gradients, f'{name} is not connected to the graph'
        assert not gradients[name].any(), f'the gradient of {name} is not zero'
    for name, value in network.loss_weighting.state_dict().items():
        if not name.endswith('steps'):
            assert_equal(value, before[name], f'state {name}')


def single_task_keeps_its_loss(trial: WeightingTrial) -> None:
    """With one present task the total is its loss times its weight."""
    network = trial.network()
    losses, _ = network.task_losses(*toy_batch(hidden='bc'))
    total, weights, _ = toy_step(network, *toy_batch(hidden='bc'))
    assert weights[0] > 0, f'the weight of the only task is {weights[0].item():g}'
    assert_close(total, weights[0] * losses[0].detach(), 'total of one task, and its loss times its weight')


def weights_follow_the_order_of_tasks(trial: WeightingTrial) -> None:
    """Another order of the tasks gives the same totals and the permuted weights."""
    if trial.draws:
        return
    batches = [toy_batch(seed, partly=True) for seed in range(STEPS)]
    pairs = zip(toy_training(trial.network('abc'), batches), toy_training(trial.network('cab'), batches), strict=True)
    for one, other in pairs:
        assert_close(one[0], other[0], 'total in a different order', TOLERANCE)
        assert_close(one[1][[2, 0, 1]], other[1], 'weights in a different order', TOLERANCE)


def state_is_in_the_checkpoint(trial: WeightingTrial) -> None:
    """A run that continues from its state dict takes the same steps."""
    batches = [toy_batch(seed, hidden='b' if seed == 1 else '') for seed in range(5)]
    whole = trial.network()
    toy_training(whole, batches[:3])
    saved = copy.deepcopy(whole.state_dict())
    expected = toy_training(whole, batches[3:])
    resumed = trial.network()
    resumed.load_state_dict(saved)
    for one, other in zip(expected, toy_training(resumed, batches[3:]), strict=True):
        assert_equal(other[0], one[0], 'total after resuming')
        assert_equal(other[1], one[1], 'weights after resuming')


def state_has_a_fixed_shape(trial: WeightingTrial) -> None:
    """The state dict has the same keys and shapes before and after a step, so that a checkpoint can be loaded."""
    network = trial.network()
    before = {name: tuple(value.shape) for name, value in network.loss_weighting.state_dict().items()}
    toy_training(network, [toy_batch()])
    after = {name: tuple(value.shape) for name, value in network.loss_weighting.state_dict().items()}
    assert before == after, f'the state is {before} before and {after} after a step'


def infinite_loss_leaves_no_trace(trial: WeightingTrial) -> None:
    """After a step with an infinite loss, which is skipped, the next steps are finite."""
    network = trial.network()
    images, labels, shown = toy_batch()
    toy_training(network, [toy_batch(seed) for seed in range(2)])
    total, _, gradients = toy_step(network, images, labels | {'b': labels['b'] * torch.inf}, shown)
    skipped = not all(gradient.isfinite().all() for gradient in gradients.values())
    assert skipped, f'total is {total.item():g}, but all gradients are finite, so the step would not be skipped'
    total, weights, gradients = toy_step(network, *toy_batch())
    finite = total.isfinite() and weights.isfinite().all() and all(g.isfinite().all() for g in gradients.values())
    assert finite, f'after a skipped step the total is {total.item():g}, the weights are {first_values(weights)}'


def mixed_precision_changes_little(trial: WeightingTrial) -> None:
    """Under bf16 autocast, total and weights are float32 and close to those of float32."""
    found = []
    for mixed in (False, True):
        torch.manual_seed(0)
        network = trial.network()
        with torch.autocast('cpu', torch.bfloat16, enabled=mixed):
            total, weights = network(*toy_batch())
        assert total.dtype == weights.dtype == torch.float32, f'total is {total.dtype}, weights are {weights.dtype}'
        found.append(weights)
    assert_close(found[1], found[0], 'weights under autocast', 0.2)


WEIGHTING_PROPERTIES = properties_by_name(
    total_and_gradients_are_finite,
    state_has_a_fixed_shape,
    training_reduces_the_losses,
    absent_tasks_are_ignored,
    tasks_may_come_and_go,
    no_task_is_a_connected_zero,
    single_task_keeps_its_loss,
    weights_follow_the_order_of_tasks,
    state_is_in_the_checkpoint,
    infinite_loss_leaves_no_trace,
    mixed_precision_changes_little,
)
