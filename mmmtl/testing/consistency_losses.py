"""The contract of a consistency loss, tried on small batches in which images show a part of their labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.models.consistency_losses import ConsistencyLoss
from mmmtl.tasks import Task
from mmmtl.testing.batches import IN_CHANNELS, LABELS, SHOWN, STRIDES, TASKS, Batch, make_batch, select_images_of
from mmmtl.testing.contract import MakeLabel, first_values, properties_by_name, try_properties

Build = Callable[..., ConsistencyLoss]
TOLERANCE = 1e-4


@dataclass
class LossTrial:
    """A loss, freshly built, and how its batches are made."""

    build: Build
    tasks: Mapping[str, Task]
    labels: Mapping[str, MakeLabel]
    crops: bool
    needs_labels: bool

    def loss(self, tasks: Mapping[str, Task] | None = None, **options: float) -> ConsistencyLoss:
        """With weights of its own, always the same."""
        torch.manual_seed(0)
        return self.build(tasks=tasks or self.tasks, in_channels=IN_CHANNELS, strides=STRIDES, **options)

    def batch(self, shown: Collection[Collection[str]] | None = None, **options: float) -> Batch:
        """Seven images that show one label, two or none, or what is wished."""
        return make_batch(self.shown if shown is None else shown, self.tasks, self.labels, crops=self.crops, **options)

    @property
    def shown(self) -> list[list[str]]:
        """As `SHOWN`, in the names of these tasks."""
        names = dict(zip(TASKS, [*self.tasks] * len(TASKS), strict=False))
        return [list(dict.fromkeys(names[name] for name in one)) for one in SHOWN]


def check_consistency_loss(
    build: Build,
    *,
    tasks: Mapping[str, Task] = TASKS,
    labels: Mapping[str, MakeLabel] = LABELS,
    crops: bool = False,
    needs_labels: bool = True,
    properties: Collection[str] | None = None,
) -> None:
    """Try everything that `ConsistencyLoss` demands.

    Args:
        build: ``(tasks, in_channels, strides)`` and optionally ``weight``, by name -> the loss; a class is one, or
            ``functools.partial(MyLoss, space=...)``. The features have 4 and 8 channels and strides 1 and 4.
        tasks: What it ties; by default saliency, depth and normals.
        labels: How each task's labels are made, see `check_task`.
        crops: Give every image twice, as `TwoCrops` does.
        needs_labels: False for a loss that learns from images without any label.
        properties: Names out of ``CONSISTENCY_LOSS_PROPERTIES``; all by default.

    Raises:
        AssertionError: The message names the loss, the property that it breaks, and what was found.
    """
    try_properties(
        CONSISTENCY_LOSS_PROPERTIES,
        properties,
        getattr(build, 'func', build),
        lambda: LossTrial(build, tasks, labels, crops, needs_labels),
    )


def loss_and_gradients_are_finite(trial: LossTrial) -> None:
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
    """DDP waits for the gradient of every parameter."""
    for name, parameter in loss.named_parameters():
        assert parameter.grad is not None, f'its parameter {name} is not connected to the graph'
        assert parameter.grad.isfinite().all(), f'the gradient of its parameter {name} is not finite'


def inputs_are_not_modified(trial: LossTrial) -> None:
    batch, untouched = trial.batch(), trial.batch()
    trial.loss()(*batch)
    for kind, found, expected in zip(('logits', 'targets'), batch, untouched, strict=False):
        for name in expected:
            assert torch.equal(found[name], expected[name]), f'the {kind} of {name} are changed in place'


def hidden_labels_do_not_change_the_loss(trial: LossTrial) -> None:
    loss, batch = trial.loss().eval(), trial.batch()
    before = value_of(loss, batch)
    other = trial.batch([list(trial.tasks)] * len(SHOWN), seed=5)[1]
    for name, values in batch[1].items():
        for number, sample in enumerate(batch[3]):
            if name not in sample.gt:
                values[number] = other[name][number]
    assert_equal_losses(value_of(loss, batch), before, 'with other values in the place of labels that no sample shows')


def supervised_images_do_not_change_the_loss(trial: LossTrial) -> None:
    loss, batch = trial.loss().eval(), trial.batch()
    if not trial.crops:
        for number, sample in enumerate(batch[3]):
            sample.set_metainfo({'supervision_role': 'supervised' if number % 2 else 'consistency'})
    before = value_of(loss, batch)
    tasks_only = [number for number, sample in enumerate(batch[3]) if sample.get('supervision_role') == 'supervised']
    if not trial.needs_labels and trial.crops:
        return  # it compares the two crops of an image
    for values in batch[0].values():
        values.data[tasks_only] = torch.nan
    assert_equal_losses(value_of(loss, batch), before, "with predictions of NaN for images whose purpose is 'tasks'")


def no_comparable_pixels_give_a_connected_zero(trial: LossTrial) -> None:
    if not trial.needs_labels:
        return
    for shown, void, what in (([[], []], 0.3, 'images without labels'), (None, 1.0, 'labels that are void all over')):
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
    loss, batch = trial.loss().eval(), trial.batch()
    expected = value_of(loss, batch)
    order = [3, 0, 6, 2, 5, 1, 4]
    indices = [2 * number + half for number in order for half in (0, 1)] if trial.crops else order
    assert_equal_losses(
        value_of(loss, select_images_of(batch, indices)), expected, 'with the images in another order', exact=False
    )
    if not any(True for _ in loss.parameters()):
        turned = trial.loss({name: trial.tasks[name] for name in reversed(trial.tasks)}).eval()
        assert_equal_losses(value_of(turned, batch), expected, 'with the tasks in another order', exact=False)


def autocast_gives_a_float32_loss(trial: LossTrial) -> None:
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
    assert trial.loss(weight=2.0).weight == 2, 'weight=2.0 is not kept as its weight'
    for weight in (-1, float('nan'), '2'):
        try:
            trial.loss(weight=weight)
        except ConfigError:
            continue
        raise AssertionError(f'weight={weight!r} is accepted')


def value_of(loss: ConsistencyLoss, batch: Batch) -> Tensor:
    """Without a graph, with the same random numbers every time."""
    torch.manual_seed(1)
    with torch.no_grad():
        return loss(*batch)


def assert_equal_losses(
    found: Tensor, expected: Tensor, when: str, exact: bool = True, tolerance: float = TOLERANCE
) -> None:
    """Two values of a loss."""
    close = torch.equal(found, expected) if exact else torch.isclose(found, expected, rtol=tolerance, atol=tolerance)
    assert close, f'{first_values(expected[None])} becomes {first_values(found[None])} {when}'


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
