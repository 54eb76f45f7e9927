"""Properties of the optional capabilities of a task: encoding, view change, stereo."""

import math

import torch
from torch import Tensor

from mmmtl.geometry import view_rays
from mmmtl.testing.contract import assert_close
from mmmtl.testing.task_trial import TaskTrial

MIN_DISTANCE = 0.01  # minimum distance between the encodings of valid and void pixels


def predictions_are_encoded_like_labels(trial: TaskTrial) -> None:
    """Encodings are float32 in [-1, 1] with finite gradients; correct logits are encoded like the label."""
    task, encoding = trial.task, trial.task.encoding
    if encoding is None:
        return
    shape = len(trial.label), encoding.channels, *trial.label.shape[2:]
    logits = trial.logits.clone().requires_grad_()
    correct = task.to_logits(task.to_values(trial.label).float())
    encoded, label = encoding.encode(logits), encoding.encode_target(trial.label)
    for name, values in (('encode', encoded), ('encode_target', label)):
        assert tuple(values.shape) == shape, f'{name} returns {tuple(values.shape)}, expected {shape}'
        assert values.dtype == torch.float32, f'{name} returns {values.dtype}, expected float32'
        assert values.abs().max() <= 1, f'{name} returns values up to {values.abs().max():g}, expected [-1, 1]'
    (encoded * torch.randn_like(encoded)).sum().backward()
    assert logits.grad is not None and logits.grad.isfinite().all(), 'the gradient of encode is not finite'
    assert (logits.grad.abs().amax((1, 2, 3)) > 0).all(), 'encode has no gradient'
    assert_close(encoding.encode(correct), label, 'encode(logits) is not encode_target(label)', 2e-3)


def void_encoding_differs_from_valid_pixels(trial: TaskTrial) -> None:
    """All void pixels have one encoding, which no valid pixel has."""
    encoding = trial.task.encoding
    if encoding is None:
        return
    values = encoding.encode_target(trial.target).movedim(1, -1)
    void, valid = values[~trial.valid], values[trial.valid]
    assert (void == void[0]).all(), 'void pixels have different encodings'
    nearest = (valid - void[0]).abs().amax(-1).min()
    assert nearest > MIN_DISTANCE, f'the encoding of a valid pixel is within {nearest:g} of that of void'
    logits = torch.zeros_like(trial.logits).requires_grad_()
    encoding.encode(logits).sum().backward()
    assert logits.grad is not None
    assert encoding.encode_target(trial.all_void).isfinite().all() and logits.grad.isfinite().all(), (
        'the encoding of logits of 0, or of a label without valid pixels, is not finite'
    )


def identity_view_change_keeps_the_map(trial: TaskTrial) -> None:
    """The view change to the same camera does not change a map."""
    change = trial.task.view_change
    if change is None:
        return
    values = trial.target.double() if trial.task.dtype.is_floating_point else trial.target
    intrinsics = torch.tensor([[[6.0, 0, 3.5], [0, 6.0, 2.5], [0, 0, 1]]], dtype=torch.float64)
    rays = view_rays(intrinsics, *values.shape[2:]).expand(len(values), -1, -1, -1)
    assert_close(
        change.to_view(values, rays, camera(0.0, 0.0).expand(len(values), 4, 4)),
        values,
        'view change to the same camera',
    )
    moved = change.to_view(values, rays, camera(0.3, 0.4).expand(len(values), 4, 4))
    assert moved.shape == values.shape, f'to_view changes the shape {tuple(values.shape)} to {tuple(moved.shape)}'


def view_comparison_tells_maps_apart(trial: TaskTrial) -> None:
    """Comparing a map with itself differs from comparing it with another map."""
    change, valid = trial.task.view_change, trial.valid
    if change is None:
        return
    values, other = trial.label, trial.task.predict(trial.logits)
    agreed, differing = change.compare(values, values), change.compare(values, other)
    for found in (agreed, differing):
        assert found.shape == valid.shape, f'compare returns {tuple(found.shape)}, expected {tuple(valid.shape)}'
    assert (agreed == agreed.flatten()[0]).all(), 'comparing a map with itself gives different values per pixel'
    assert (differing != agreed).any(), 'comparing with another map gives the same values as with the map itself'


def normalized_disparity_is_baseline_over_depth(trial: TaskTrial) -> None:
    """Normalized disparity is baseline / depth."""
    task = trial.task
    if task.stereo is None:
        return
    assert task.quantity == 'depth', f"a task with stereo needs quantity 'depth', found {task.quantity!r}"
    logits = task.to_logits(task.to_values(trial.label))
    normalized_disparity = task.stereo.normalized_disparity(logits, torch.full((1, 1, 1, 1), 0.5))
    assert_close(normalized_disparity, 0.5 / trial.label, 'normalized disparity is not baseline / depth')


def camera(angle: float, shift: float) -> Tensor:
    """Return target_T_source (1, 4, 4): a rotation about y (radians) and a shift along z (metres)."""
    pose = torch.eye(4, dtype=torch.float64)
    pose[0, 0] = pose[2, 2] = math.cos(angle)
    pose[0, 2], pose[2, 0] = math.sin(angle), -math.sin(angle)
    pose[2, 3] = shift
    return pose[None]


PROPERTIES = (
    predictions_are_encoded_like_labels,
    void_encoding_differs_from_valid_pixels,
    identity_view_change_keeps_the_map,
    view_comparison_tells_maps_apart,
    normalized_disparity_is_baseline_over_depth,
)
