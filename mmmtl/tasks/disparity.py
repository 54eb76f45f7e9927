"""Disparity of a stereo pair in units of the focal length, which no crop or resize changes."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mmmtl.registry import TASKS
from mmmtl.tasks.depth_display import DisparityDisplay
from mmmtl.tasks.encodings import Encoding, RelativeEncoding
from mmmtl.tasks.label_changes import unchanged
from mmmtl.tasks.map_display import MapDisplay
from mmmtl.tasks.task import Task
from mmmtl.tasks.valid_pixels import ratio


@TASKS.register_module()
class Disparity(Task):
    """Normalized disparity of a stereo pair.

    Labels are (disparity + doffs) / focal length = baseline / depth > 0, and 0 where void. The logit is the same
    number; the default loss is `L1`. Disparity in pixels would change with every resize, and as a fraction of the width
    with every crop; in focal lengths it changes with neither. A zoom does not change it either, as it scales depth and
    baseline alike.

    Metrics, over all valid pixels of the split: ``abs`` in focal lengths; ``abs_rel``; ``delta1``, ``delta2``,
    ``delta3``, the fractions of pixels with max(p/g, g/p) < 1.25, 1.25^2, 1.25^3, which equal those of the depth.

    Args:
        name: See `Task`.
        loss: `L1`, `L2`, `BerHu` or `SILog`; see `Task`.
    """

    channels = 1
    void = 0.0
    interpolation = 'nearest'
    allows_integers = False
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
            raise ValueError(f'{self.name} must be positive or 0 (void), found {label.min():g}')

    def valid(self, target: Tensor) -> Tensor:
        return target[:, 0] > 0

    def activate(self, logits: Tensor) -> Tensor:
        return logits

    def to_values(self, target: Tensor) -> Tensor:
        return torch.where(target > 0, target, 0)

    def to_logits(self, values: Tensor) -> Tensor:
        return values

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Prediction and label in focal lengths."""
        return self.activate(logits), self.to_values(target)

    @property
    def encoding(self) -> Encoding:
        return RelativeEncoding(self)

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        valid = self.valid(target)
        disparity, truth = prediction[:, 0][valid].double(), target[:, 0][valid].double()
        difference = (disparity - truth).abs()
        factor = torch.maximum(disparity.clamp(min=1e-9) / truth, truth / disparity.clamp(min=1e-9))
        return {
            'count': valid.sum(),
            'abs': difference.sum(),
            'abs_rel': (difference / truth).sum(),
            **{f'delta{power}': (factor < 1.25**power).sum() for power in (1, 2, 3)},
        }

    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        return {name: ratio(value, sums['count']).item() for name, value in sums.items() if name != 'count'}

    @property
    def display(self) -> MapDisplay:
        return DisparityDisplay(self)

    def visualize(self, values: np.ndarray) -> np.ndarray:
        return self.display.draw(values)
