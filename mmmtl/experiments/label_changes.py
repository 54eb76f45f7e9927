"""True labels, and changes that make them wrong, for `mmmtl.experiments.consistency_oracle`."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor


def _moved(values: Tensor) -> Tensor:
    return values.roll((values.shape[2] // 8, values.shape[3] // 8), (2, 3))


def _smoothed(values: Tensor) -> Tensor:
    size = max(values.shape[2] // 8, 1) * 2 + 1
    return F.avg_pool2d(values, size, stride=1, padding=size // 2, count_include_pad=False)


def _permuted(values: Tensor) -> Tensor:
    """Return a different class, a different axis of a normal, or far for near."""
    if values.shape[1] > 1:
        return values.roll(1, 1)
    return values.amax((2, 3), keepdim=True) + values.amin((2, 3), keepdim=True) - values


CONDITIONS: dict[str, Callable[[Tensor], Tensor]] = {
    'true': lambda values: values,
    'shuffled': lambda values: values.roll(1, 0),  # the label of a different image
    'permuted': _permuted,
    'moved': _moved,  # by an eighth of the image
    'smoothed': _smoothed,  # mean over a quarter of the height
    'scaled': lambda values: 1.5 * values if values.shape[1] == 1 else values,  # tasks of one channel
    'constant': lambda values: values.mean((0, 2, 3), keepdim=True).expand_as(values),
}
"""Changes to the values (N, C, H, W) of a task, which are then used as its prediction."""
