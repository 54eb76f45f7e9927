"""The optional abilities of a task, where it has them."""

import torch
from torch import Tensor

from mmmtl.geometry import view_rays
from mmmtl.testing.contract import assert_close
from mmmtl.testing.task_trial import TaskTrial

FAR_APART = 0.01  # how far a known pixel's encoding must be from that of void


def predictions_are_encoded_like_labels(trial: TaskTrial) -> None:
    task, encoding = trial.task, trial.task.encoding
    if encoding is None:
        return
    shape = len(trial.label), encoding.channels, *trial.label.shape[2:]
    logits = trial.logits.clone().requires_grad_()
    right = task.to_logits(task.to_values(trial.label).float())
    encoded, label = encoding.encode(logits), encoding.encode_target(trial.label)
    for name, values in (('encode', encoded), ('encode_target', label)):
        assert tuple(values.shape) == shape, f'{name} gives {tuple(values.shape)}, expected {shape}'
        assert values.dtype == torch.float32, f'{name} gives {values.dtype}'
        assert values.abs().max() <= 1, f'{name} gives values up to {values.abs().max():g}; they must lie in [-1, 1]'
    (encoded * torch.randn_like(encoded)).sum().backward()
    assert logits.grad.isfinite().all(), 'the gradient of encode is not finite'
    assert (logits.grad.abs().amax((1, 2, 3)) > 0).all(), 'encode gives no gradient'
    assert_close(encoding.encode(right), label, 'the encodings of a label and of logits that state it', 2e-3)


def void_encoding_differs_from_valid_pixels(trial: TaskTrial) -> None:
    encoding = trial.task.encoding
    if encoding is None:
        return
    values = encoding.encode_target(trial.target).movedim(1, -1)
    void, known = values[~trial.valid], values[trial.valid]
    assert (void == void[0]).all(), 'void pixels are encoded as several values'
    nearest = (known - void[0]).abs().amax(-1).min()
    assert nearest > FAR_APART, f'a known pixel is encoded within {nearest:g} of void'
    logits = torch.zeros_like(trial.logits).requires_grad_()
    encoding.encode(logits).sum().backward()
    assert encoding.encode_target(trial.all_void).isfinite().all() and logits.grad.isfinite().all(), (
        'logits of 0, or labels that are void all over, are not encoded as finite values'
    )


def identity_view_change_keeps_the_map(trial: TaskTrial) -> None:
    change = trial.task.view_change
    if change is None:
        return
    values = trial.target.double() if trial.task.dtype.is_floating_point else trial.target
    intrinsics = torch.tensor([[[6.0, 0, 3.5], [0, 6.0, 2.5], [0, 0, 1]]], dtype=torch.float64)
    rays = view_rays(intrinsics, *values.shape[2:]).expand(len(values), -1, -1, -1)
    assert_close(
        change.to_view(values, rays, camera(0.0, 0.0).expand(len(values), 4, 4)), values, 'seen by the same camera'
    )
    moved = change.to_view(values, rays, camera(0.3, 0.4).expand(len(values), 4, 4))
    assert moved.shape == values.shape, f'seen by another camera {tuple(values.shape)} becomes {tuple(moved.shape)}'


def view_comparison_tells_maps_apart(trial: TaskTrial) -> None:
    change, known = trial.task.view_change, trial.valid
    if change is None:
        return
    values, other = trial.label, trial.task.predict(trial.logits)
    agreed, differing = change.compare(values, values), change.compare(values, other)
    for found in (agreed, differing):
        assert found.shape == known.shape, f'compare gives {tuple(found.shape)}, expected {tuple(known.shape)}'
    assert (agreed == agreed.flatten()[0]).all(), 'a map that is compared with itself gives several values'
    assert (differing != agreed).any(), 'another map compares like the map itself'


def normalized_disparity_is_baseline_over_depth(trial: TaskTrial) -> None:
    task = trial.task
    if task.stereo is None:
        return
    assert task.quantity == 'depth', f"a task with stereo depth states quantity 'depth', found {task.quantity!r}"
    logits = task.to_logits(task.to_values(trial.label))
    normalized_disparity = task.stereo.normalized_disparity(logits, torch.full((1, 1, 1, 1), 0.5))
    assert_close(normalized_disparity, 0.5 / trial.label, 'parallax and baseline / depth')


def camera(angle: float, shift: float) -> Tensor:
    """(1, 4, 4): target_T_source that turns around y (radians) and moves along z (metres)."""
    angle = torch.tensor(angle, dtype=torch.float64)
    pose = torch.eye(4, dtype=torch.float64)
    pose[0, 0] = pose[2, 2] = angle.cos()
    pose[0, 2], pose[2, 0] = angle.sin(), -angle.sin()
    pose[2, 3] = shift
    return pose[None]


PROPERTIES = (
    predictions_are_encoded_like_labels,
    void_encoding_differs_from_valid_pixels,
    identity_view_change_keeps_the_map,
    view_comparison_tells_maps_apart,
    normalized_disparity_is_baseline_over_depth,
)
