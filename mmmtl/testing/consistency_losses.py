"""The contract of a consistency loss, checked on small batches with partial labels."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import torch

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses import ConsistencyLoss
from mmmtl.tasks import Task
from mmmtl.testing.batches import LABELS, SHOWN, TASKS, select_batch
from mmmtl.testing.consistency_loss_trial import Build, LossTrial, assert_equal_losses, value_of
from mmmtl.testing.contract import MakeLabel, properties_by_name, try_properties


def check_consistency_loss(
    build: Build,
    *,
    tasks: Mapping[str, Task] = TASKS,
    labels: Mapping[str, MakeLabel] = LABELS,
    crops: bool = False,
    needs_labels: bool = True,
    properties: Collection[str] | None = None,
) -> None:
    """Check that a loss follows the contract of `ConsistencyLoss`.

    Args:
        build: Called with the keywords ``tasks``, ``in_channels``, ``strides`` and optionally ``weight``; returns the
            loss. For example a class, or ``functools.partial(MyLoss, space=...)``. There are two feature maps, with 4
            and 8 channels and strides 1 and 4.
        tasks: Tasks of the loss; by default saliency, depth and normals.
        labels: Makes the labels of each task, see `check_task`.
        crops: Pass every image twice, as `TwoCrops` does.
        needs_labels: False for a loss that also uses images without labels.
        properties: Names from ``CONSISTENCY_LOSS_PROPERTIES``; all by default.

    Raises:
        AssertionError: The message names the loss, the property that it violates, and what was found.
    """
    try_properties(
        CONSISTENCY_LOSS_PROPERTIES,
        properties,
        build,
        lambda: LossTrial(build, tasks, labels, crops, needs_labels),
    )


def loss_and_gradients_are_finite(trial: LossTrial) -> None:
    """The loss is a finite, positive float32 scalar with finite gradients of predictions and parameters."""
    loss, batch = trial.loss(), trial.batch()
    value = loss(*batch)
    found = f'{tuple(value.shape)} {value.dtype}'
    assert value.shape == () and value.dtype == torch.float32, f'it is {found}, expected a float32 scalar'
    assert value.isfinite() and value > 0, f'the loss of random predictions is {value.item():g}'
    value.backward()
    gradients = [values.grad for values in batch[0].values() if values.grad is not None]
    assert any(values.any() for values in gradients), 'no prediction has a gradient'
    assert all(values.isfinite().all() for values in gradients), 'the gradient of a prediction is not finite'
    parameters_have_gradients(loss)


def parameters_have_gradients(loss: ConsistencyLoss) -> None:
    """Check that every parameter has a finite gradient: DDP waits for all of them."""
    for name, parameter in loss.named_parameters():
        assert parameter.grad is not None, f'its parameter {name} is not connected to the graph'
        assert parameter.grad.isfinite().all(), f'the gradient of its parameter {name} is not finite'


def inputs_are_not_modified(trial: LossTrial) -> None:
    """Logits and targets are not changed in place."""
    batch, untouched = trial.batch(), trial.batch()
    trial.loss()(*batch)
    for kind, found, expected in (('logits', batch[0], untouched[0]), ('targets', batch[1], untouched[1])):
        for name in expected:
            assert torch.equal(found[name], expected[name]), f'the {kind} of {name} are changed in place'


def hidden_labels_do_not_change_the_loss(trial: LossTrial) -> None:
    """Target values of images without that label do not change the loss."""
    loss, batch = trial.loss().eval(), trial.batch()
    before = value_of(loss, batch)
    other = trial.batch([list(trial.tasks)] * len(SHOWN), seed=5)[1]
    for name, values in batch[1].items():
        for index, sample in enumerate(batch[3]):
            if name not in sample.gt:
                values[index] = other[name][index]
    assert_equal_losses(value_of(loss, batch), before, 'with different target values for images without that label')


def supervised_images_do_not_change_the_loss(trial: LossTrial) -> None:
    """Images with ``supervision_role='supervised'`` do not change the loss."""
    loss, batch = trial.loss().eval(), trial.batch()
    if not trial.crops:
        for index, sample in enumerate(batch[3]):
            sample.set_metainfo({'supervision_role': 'supervised' if index % 2 else 'consistency'})
    before = value_of(loss, batch)
    supervised = [index for index, sample in enumerate(batch[3]) if sample.get('supervision_role') == 'supervised']
    if not trial.needs_labels and trial.crops:
        return  # the loss compares the two crops of an image
    for values in batch[0].values():
        values.data[supervised] = torch.nan
    assert_equal_losses(
        value_of(loss, batch), before, "with predictions of NaN for images with supervision_role='supervised'"
    )


def no_comparable_pixels_give_a_connected_zero(trial: LossTrial) -> None:
    """Without labels or valid pixels the loss is 0, with zero gradients for all predictions."""
    if not trial.needs_labels:
        return
    for shown, void, what in (([[], []], 0.3, 'images without labels'), (None, 1.0, 'labels without a valid pixel')):
        loss, batch = trial.loss(), trial.batch(shown, void=void)
        value = loss(*batch)
        assert value == 0, f'{what} give {value.item():g}'
        assert value.requires_grad, f'the zero of {what} is not connected to the graph'
        value.backward()
        for name, values in batch[0].items():
            assert values.grad is not None, f'{what}: the predictions of {name} are not connected to the graph'
            assert not values.grad.any(), f'{what} give the predictions of {name} a gradient'
        parameters_have_gradients(loss)


def order_of_images_and_tasks_does_not_matter(trial: LossTrial) -> None:
    """Reordering the images, or the tasks of a loss without parameters, does not change the loss."""
    loss, batch = trial.loss().eval(), trial.batch()
    expected = value_of(loss, batch)
    order = [3, 0, 6, 2, 5, 1, 4]
    indices = [2 * index + crop for index in order for crop in (0, 1)] if trial.crops else order
    assert_equal_losses(
        value_of(loss, select_batch(batch, indices)), expected, 'with the images in a different order', exact=False
    )
    if not any(True for _ in loss.parameters()):
        reordered = trial.loss({name: trial.tasks[name] for name in reversed([*trial.tasks])}).eval()
        assert_equal_losses(value_of(reordered, batch), expected, 'with the tasks in a different order', exact=False)


def autocast_gives_a_float32_loss(trial: LossTrial) -> None:
    """Under autocast to bfloat16 the loss is float32 and within 5 % of the float32 one."""
    loss, batch = trial.loss(), trial.batch()
    with torch.no_grad():
        expected = loss(*batch)
    with torch.autocast('cpu', torch.bfloat16):
        value = loss(*batch)
    assert value.dtype == torch.float32, f'under autocast it is {value.dtype}'
    (value * 256).backward()
    assert_equal_losses(value.detach(), expected, 'under autocast', exact=False, tolerance=0.05)
    parameters_have_gradients(loss)


def invalid_weights_are_rejected(trial: LossTrial) -> None:
    """The weight is stored, and a negative, NaN or non-numeric weight raises a ConfigError."""
    assert trial.loss(weight=2.0).weight == 2, 'weight=2.0 is not kept as its weight'
    wrong: tuple[Any, ...] = (-1, float('nan'), '2')
    for weight in wrong:
        try:
            trial.loss(weight=weight)
        except ConfigError:
            continue
        raise AssertionError(f'weight={weight!r} is accepted, expected a ConfigError')


CONSISTENCY_LOSS_PROPERTIES = properties_by_name(
    loss_and_gradients_are_finite,
    inputs_are_not_modified,
    hidden_labels_do_not_change_the_loss,
    supervised_images_do_not_change_the_loss,
    no_comparable_pixels_give_a_connected_zero,
    order_of_images_and_tasks_does_not_matter,
    autocast_gives_a_float32_loss,
    invalid_weights_are_rejected,
)
