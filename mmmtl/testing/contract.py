"""Check the properties of a contract, and compare tensors with readable messages."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from mmmtl.tasks import Task

Trial = TypeVar('Trial')
MakeLabel = Callable[[int, tuple[int, int]], Tensor]  # N, (H, W) -> labels (N, target_channels, H, W)


def properties_by_name(*properties: Callable[[Trial], None]) -> dict[str, Callable[[Trial], None]]:
    """Return ``{name: property}``; a property is a function that asserts something about a trial."""
    return {check.__name__: check for check in properties}


def try_properties(
    properties: Mapping[str, Callable[[Trial], None]],
    chosen: Collection[str] | None,
    part: object,
    make_trial: Callable[[], Trial],
) -> None:
    """Check properties, each on a new trial with random seed 0.

    Args:
        properties: All properties by name.
        chosen: Names of those to check; None for all.
        part: The checked object or its factory; its repr starts the error messages (of a `functools.partial`, the repr
            of its function).
        make_trial: Returns a new trial.

    Raises:
        AssertionError: A property does not hold, or the part raises an error; the message names part and property.
    """
    part = part.func if isinstance(part, partial) else part
    for name in properties if chosen is None else chosen:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            try:
                properties[name](make_trial())
            except Exception as error:
                reason = str(error) if isinstance(error, AssertionError) else f'{type(error).__name__}: {error}'
                raise AssertionError(f'{part!r}: {name.replace("_", " ")}: {reason}') from error


def with_void_pixels(task: Task, label: Tensor, void: float) -> Tensor:
    """Make about the given fraction of pixels void; the first pixel stays valid, the last one becomes void."""
    hidden = torch.rand(len(label), 1, *label.shape[2:]) < void
    if void:
        hidden[..., 0, 0], hidden[..., -1, -1] = False, True
    return torch.where(hidden, torch.tensor(task.void, dtype=label.dtype), label)


def to_array(task: Task, target: Tensor) -> np.ndarray:
    """Convert a label (C, H, W) to the array of the pipeline, (H, W) or (H, W, C)."""
    return target[0].numpy() if task.target_channels == 1 else target.permute(1, 2, 0).numpy()


def to_target(task: Task, array: np.ndarray) -> Tensor:
    """Convert an array of the pipeline to a batch of one label, (1, C, H, W)."""
    channels_first = array[None] if task.target_channels == 1 else array.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(channels_first))[None]


def assert_equal(found: Tensor, expected: Tensor, message: str) -> None:
    """Assert that two tensors have the same dtype, shape and values; NaN equals NaN."""
    assert found.dtype == expected.dtype, f'{message}: {found.dtype}, expected {expected.dtype}'
    assert found.shape == expected.shape, f'{message}: shape {tuple(found.shape)}, expected {tuple(expected.shape)}'
    differs = (found != expected) & ~(found.isnan() & expected.isnan())
    assert not differs.any(), f'{message}: {first_values(found[differs])}, expected {first_values(expected[differs])}'


def assert_close(found: Tensor, expected: Tensor, message: str, tolerance: float = 1e-4) -> None:
    """Assert that two tensors are equal up to a tolerance, absolute and relative."""
    assert found.shape == expected.shape, f'{message}: shape {tuple(found.shape)}, expected {tuple(expected.shape)}'
    close = torch.isclose(found.double(), expected.double(), rtol=tolerance, atol=tolerance)
    assert close.all(), f'{message}: {first_values(found[~close])}, expected {first_values(expected[~close])}'


def first_values(values: Tensor | Sequence[float]) -> str:
    """Format the first few values for a message."""
    first = [f'{value:.6g}' for value in torch.as_tensor(values).flatten()[:4].tolist()]
    return ', '.join(first) + (' ...' if torch.as_tensor(values).numel() > 4 else '')
