"""Runs the properties of a contract and says which one a part breaks."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from mmmtl.tasks import Task

Trial = TypeVar('Trial')
MakeLabel = Callable[[int, tuple[int, int]], Tensor]  # images, (H, W) -> known labels (N, target_channels, H, W)


def properties_by_name(*properties: Callable[[Trial], None]) -> dict[str, Callable[[Trial], None]]:
    """``{name: property}``; a property asserts something of a trial."""
    return {check.__name__: check for check in properties}


def try_properties(
    properties: Mapping[str, Callable[[Trial], None]],
    chosen: Collection[str] | None,
    part: object,
    trial: Callable[[], Trial],
) -> None:
    """Try the chosen properties, all by default, each on a fresh trial of seed 0.

    Raises:
        AssertionError: The part breaks one, or fails while it is tried; the message names part and property.
    """
    for name in properties if chosen is None else chosen:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            try:
                properties[name](trial())
            except Exception as error:
                reason = str(error) if isinstance(error, AssertionError) else f'{type(error).__name__}: {error}'
                raise AssertionError(f'{part!r}: {name.replace("_", " ")}: {reason}') from error


def with_void_pixels(task: Task, label: Tensor, void: float) -> Tensor:
    """The label with about that fraction of its pixels void; the first pixel stays known, the last one becomes void."""
    unknown = torch.rand(len(label), 1, *label.shape[2:]) < void
    if void:
        unknown[..., 0, 0], unknown[..., -1, -1] = False, True
    return torch.where(unknown, torch.tensor(task.void, dtype=label.dtype), label)


def to_array(task: Task, target: Tensor) -> np.ndarray:
    """(C, H, W) -> (H, W) or (H, W, C), as the pipeline has it."""
    return target[0].numpy() if task.target_channels == 1 else target.permute(1, 2, 0).numpy()


def to_target(task: Task, array: np.ndarray) -> Tensor:
    """And back, as a batch of one."""
    channels_first = array[None] if task.target_channels == 1 else array.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(channels_first))[None]


def assert_equal(found: Tensor, expected: Tensor, message: str) -> None:
    """Equal bit for bit; NaN equals NaN."""
    equal = (
        found.dtype == expected.dtype
        and torch.equal(found.nan_to_num(), expected.nan_to_num())
        and torch.equal(found.isnan(), expected.isnan())
    )
    assert equal, f'{message}: {first_values(found)}, then {first_values(expected)}'


def assert_close(found: Tensor, expected: Tensor, message: str, tolerance: float = 1e-4) -> None:
    """Equal up to a tolerance, absolute and relative."""
    assert found.shape == expected.shape, f'{message}: {tuple(found.shape)} against {tuple(expected.shape)}'
    close = torch.isclose(found.double(), expected.double(), rtol=tolerance, atol=tolerance)
    assert close.all(), f'{message}: {first_values(found[~close])} against {first_values(expected[~close])}'


def first_values(values: Tensor | Sequence[float]) -> str:
    """The first few, for a message."""
    first = [f'{value:.6g}' for value in torch.as_tensor(values).flatten()[:4].tolist()]
    return ', '.join(first) + (' ...' if torch.as_tensor(values).numel() > 4 else '')
