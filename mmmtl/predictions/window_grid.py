"""Overlapping windows of an image and the weights by which their predictions are blended."""

import math

import torch
from torch import Tensor

MIN_OVERLAP = 0.5  # smallest overlap of neighbouring windows, as a fraction of their length
MIN_WEIGHT = 1e-3  # smallest weight, so that the weights of a pixel never add up to 0


def window_positions(shape: tuple[int, int], window: tuple[int, int]) -> list[tuple[int, int]]:
    """Return (top, left) of windows that cover an image, evenly spaced, with an overlap of at least a half.

    Args:
        shape: (H, W) of the image, at least that of the window.
        window: (H, W) of a window.
    """
    rows, columns = (_starts(length, window_length) for length, window_length in zip(shape, window, strict=True))
    return [(top, left) for top in rows for left in columns]


def _starts(length: int, window: int) -> list[int]:
    steps = math.ceil((length - window) / max(1, window * (1 - MIN_OVERLAP)))
    return [round(index * (length - window) / max(1, steps)) for index in range(steps + 1)]


def window_weight(window: tuple[int, int]) -> Tensor:
    """Return the weight (1, 1, h, w) of a window: products of sin^2, largest at its centre and nearly 0 at its border.

    With an overlap of a half the weights of all windows add up to a constant.
    """
    rows, columns = (
        torch.sin((torch.arange(length) + 0.5) * (math.pi / length)).square().clamp(min=MIN_WEIGHT) for length in window
    )
    return (rows[:, None] * columns)[None, None]
