"""Disparity in focal lengths: how far a stereo pair sees a point apart, in a unit that no crop or resize changes."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mmmtl.registry import TASKS
from mmmtl.tasks.colours import middle_range, spectrum
from mmmtl.tasks.encodings import Encoding, RelativeEncoding
from mmmtl.tasks.task import Task, ratio, unchanged


@TASKS.register_module()
class Disparity(Task):
    """Labels are (disparity + doffs) / focal length = baseline / depth > 0, 0 where unknown; the logit is that number.

    Pixels would have to be rescaled by every resize, and shares of the width by every crop. Focal lengths follow by the
    intrinsics, which do so already. A zoom leaves the label alone too: it shrinks depth and baseline alike.

    Measures over all valid pixels: ``abs`` in focal lengths, ``abs_rel``, and the shares ``delta1..3`` of pixels with
    max(p/g, g/p) < 1.25, 1.25^2, 1.25^3, which are those of the depth. The loss is `L1` by default.
    """

    channels = 1
    void = 0.0
    interpolation = 'nearest'
    whole_numbers = False
    loss_space = 'positive'
    default_loss = dict(type='L1')
    primary_metric = 'abs_rel'
    higher_is_better = False
    hflip = zoom = unchanged

    def check(self, label: np.ndarray) -> None:
        super().check(label)
        if label.dtype.kind != 'f':
            raise ValueError(f'expected focal lengths of {self.name} as floating point, found dtype {label.dtype}')
        if label.size and label.min() < 0:
            raise ValueError(f'{self.name} must be positive or 0 (unknown), found {label.min():g}')

    def valid(self, target: Tensor) -> Tensor:
        return target[:, 0] > 0

    def activate(self, logits: Tensor) -> Tensor:
        return logits

    def to_values(self, target: Tensor) -> Tensor:
        return torch.where(target > 0, target, 0)

    def to_logits(self, values: Tensor) -> Tensor:
        return values

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Focal lengths."""
        return self.activate(logits), self.to_values(target)

    @property
    def encoding(self) -> Encoding:
        return RelativeEncoding(self)

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        valid = self.valid(target)
        found, truth = prediction[:, 0][valid].double(), target[:, 0][valid].double()
        difference = (found - truth).abs()
        factor = torch.maximum(found.clamp(min=1e-9) / truth, truth / found.clamp(min=1e-9))
        return {
            'count': valid.sum(),
            'abs': difference.sum(),
            'abs_rel': (difference / truth).sum(),
            **{f'delta{power}': (factor < 1.25**power).sum() for power in (1, 2, 3)},
        }

    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        return {name: ratio(value, sums['count']).item() for name, value in sums.items() if name != 'count'}

    def visualize(self, values: np.ndarray) -> np.ndarray:
        known = values > 0
        low, high = middle_range(values, known)
        return spectrum((values - low) / max(high - low, 1e-9), known)  # near is red, far is blue
