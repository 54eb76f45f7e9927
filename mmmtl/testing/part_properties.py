"""Properties that necks and decode heads share."""

import copy
import io
import pickle
from dataclasses import replace

import torch
from torch import Tensor, nn

from mmmtl.testing.contract import assert_close, assert_equal, first_values
from mmmtl.testing.part_trial import Part, PartBatch, PartTrial

TOLERANCE = 1e-4
AUTOCAST_TOLERANCE = 0.1  # relative distance of outputs under autocast to bfloat16


@torch.no_grad()
def outputs_of(trial: PartTrial[Part], part: Part, batch: PartBatch) -> dict[str, Tensor]:
    """Return the outputs in evaluation mode."""
    return trial.outputs(part.eval(), batch)


def backward(trial: PartTrial[Part], part: Part, batch: PartBatch) -> PartBatch:
    """Run the part in training mode and send random gradients back; return the batch with features as leaves."""
    leaves = batch.leaves()
    outputs = trial.outputs(part.train(), leaves)
    total = sum((x.float() * torch.randn(x.shape)).sum() for x in outputs.values() if x.requires_grad)
    assert isinstance(total, Tensor), 'no output is connected to the graph'
    total.backward()
    return leaves


def assert_finite_gradients(part: nn.Module, when: str = '') -> None:
    """Assert that every trained parameter has a finite gradient: DDP waits for all of them."""
    for name, parameter in part.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, f'its parameter {name} is not connected to any output{when}'
            assert parameter.grad.isfinite().all(), f'the gradient of its parameter {name} is not finite{when}'


def every_parameter_is_connected(trial: PartTrial) -> None:
    """Every trained parameter gets a finite gradient from the outputs, and so does some feature."""
    part = trial.part()
    leaves = backward(trial, part, trial.batch(part))
    assert_finite_gradients(part)
    found = [x.grad for x in leaves.features if x.grad is not None]
    assert any(gradient.any() for gradient in found), 'no feature has a gradient'
    assert all(gradient.isfinite().all() for gradient in found), 'the gradient of a feature is not finite'


def one_image_trains(trial: PartTrial) -> None:
    """In training, a batch of one image and no camera gives finite outputs and gradients."""
    part = trial.part()
    backward(trial, part, trial.batch(part, views=(1,)))
    assert_finite_gradients(part, ' with a batch of one image')


def scenes_are_independent(trial: PartTrial) -> None:
    """In evaluation, a batch gives what its scenes give one by one and in a different order; most are single images."""
    part = trial.part()
    batch = trial.batch(part)
    together = {name: x for name, x in outputs_of(trial, part, batch).items() if x.dim() == 4}
    count = len(batch.context.views)
    for scene in range(count):
        for name, alone in outputs_of(trial, part, batch.scenes([scene])).items():
            if name in together:
                whole = together[name][batch.rows(scene)]
                assert_close(alone, whole, f'{name} of a scene depends on the rest of the batch', TOLERANCE)
    order = [*reversed(range(count))]
    turned = batch.scenes(order)
    for name, values in outputs_of(trial, part, turned).items():
        if name in together:
            expected = torch.cat([together[name][batch.rows(scene)] for scene in order])
            assert_close(values, expected, f'{name} changes with the order of the batch', TOLERANCE)


def autocast_changes_little(trial: PartTrial) -> None:
    """Under autocast to bfloat16, outputs are finite and close to those in float32, and gradients are finite."""
    part = trial.part()
    batch = trial.batch(part)
    expected = outputs_of(trial, part, batch)
    with torch.autocast('cpu', torch.bfloat16):
        found = outputs_of(trial, part, batch)
    for name, values in found.items():
        assert values.isfinite().all(), f'{name} is not finite under autocast'
        distance = (values.float() - expected[name]).norm() / expected[name].norm().clamp(min=1e-6)
        assert distance < AUTOCAST_TOLERANCE, f'{name} changes by {distance:.2f} of its norm under autocast'
    with torch.autocast('cpu', torch.bfloat16):
        backward(trial, part, batch)
    assert_finite_gradients(part, ' under autocast')


def constant_inputs_give_finite_outputs(trial: PartTrial) -> None:
    """Features and images of 0 or of one value, as in padding, give finite outputs and gradients."""
    for value in (0.0, 3.0):
        part = trial.part()
        batch = trial.batch(part)
        context = replace(batch.context, images=torch.full_like(batch.context.images, value))
        constant = PartBatch(tuple(torch.full_like(x, value) for x in batch.features), context)
        for name, values in outputs_of(trial, part, constant).items():
            assert values.isfinite().all(), f'{name} is not finite for inputs of {value:g}'
        backward(trial, part, constant)
        assert_finite_gradients(part, f' for inputs of {value:g}')


def features_are_not_modified(trial: PartTrial) -> None:
    """Features and images are not changed in place."""
    part = trial.part()
    batch, untouched = trial.batch(part), trial.batch(part)
    outputs_of(trial, part, batch)
    trial.outputs(part.train(), batch)
    for index, (found, expected) in enumerate(zip(batch.features, untouched.features, strict=True)):
        assert_equal(found, expected, f'feature {index} is changed in place')
    assert_equal(batch.context.images, untouched.context.images, 'the images are changed in place')


def state_dict_restores_the_part(trial: PartTrial) -> None:
    """Another instance gives the same outputs after it has loaded the saved state dict."""
    part, other = trial.part(), trial.part(seed=3)
    batch = trial.batch(part)
    file = io.BytesIO()
    torch.save(part.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    expected = outputs_of(trial, part, batch)
    for name, values in outputs_of(trial, other, batch).items():
        assert_equal(values, expected[name], f'{name} differs after loading the state dict')


def copies_are_equal(trial: PartTrial) -> None:
    """A deep copy and a pickled copy give the same outputs, repeatedly."""
    part = trial.part()
    batch = trial.batch(part)
    expected = outputs_of(trial, part, batch)
    for what, other in (
        ('run again', part),
        ('of a deep copy', copy.deepcopy(part)),
        ('of a pickled copy', pickle.loads(pickle.dumps(part))),
    ):
        for name, values in outputs_of(trial, other, batch).items():
            assert_equal(values, expected[name], f'{name} {what} is {first_values(values)}')


def assert_size(found: tuple[int, int], size: tuple[int, int], stride: float, name: str) -> None:
    """Assert that a map has the size of the image divided by a stride, rounded in either direction."""
    for length, image in zip(found, size, strict=True):
        assert abs(length - image / stride) < 1, (
            f'{name} has size {found}, expected about {size[0] / stride:g} x {size[1] / stride:g}, stride {stride:g} '
            f'for images of {size[0]} x {size[1]}'
        )


PROPERTIES = (
    features_are_not_modified,
    every_parameter_is_connected,
    one_image_trains,
    scenes_are_independent,
    autocast_changes_little,
    constant_inputs_give_finite_outputs,
    state_dict_restores_the_part,
    copies_are_equal,
)
