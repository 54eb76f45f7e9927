"""Windows and means of valid pixels, for metrics."""

import numpy as np
import torch
from torch import Tensor


def valid_window(valid: np.ndarray) -> tuple[slice, slice]:
    """Return rows and columns of the bounding box of a mask (H, W) that is not empty: the image without its padding."""
    (top, bottom), (left, right) = (np.flatnonzero(valid.any(axis))[[0, -1]] for axis in (1, 0))
    return slice(top, bottom + 1), slice(left, right + 1)


def ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Divide in float64; NaN where the denominator is 0."""
    numerator, denominator = numerator.double(), denominator.double()
    return torch.where(denominator > 0, numerator / denominator.clamp(min=1e-300), torch.nan)
