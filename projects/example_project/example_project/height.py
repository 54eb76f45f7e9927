"""The task: height above the floor, per pixel."""

from collections.abc import Mapping

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.registry import TASKS
from mmmtl.tasks import Task, unchanged
from mmmtl.tasks.map_display import MapDisplay, Range
from mmmtl.tasks.view_changes import ViewInvariant

LOWEST = 1e-6  # metres; the inverse of softplus is -inf at 0


@TASKS.register_module()
class Height(Task):
    """Height above the floor in metres: labels are >= 0, or -1 where unknown; softplus turns logits into heights.

    Metrics over all valid pixels of the split: ``abs``, the mean absolute error in metres, and ``within_25cm``, the
    fraction of pixels with an error of at most 0.25 m.

    Args:
        name: Key of the task in the samples.
        highest: Height in metres that is drawn in the brightest colour.
        kwargs: Arguments of `Task`. The default loss is `L1`.
    """

    channels = 1
    void = -1.0
    interpolation = 'nearest'
    allows_integers = False  # a file of integers is most likely in millimetres: ask for a scale
    loss_space = 'values'
    default_loss = dict(type='L1')
    primary_metric = 'abs'
    higher_is_better = False
    view_change = ViewInvariant()
    hflip = unchanged

    def __init__(self, name: str, highest: float = 3.0, **kwargs) -> None:
        super().__init__(name, **kwargs)
        self.highest = highest

    def check(self, label: np.ndarray) -> None:
        super().check(label)
        known = label[label != self.void]
        if known.size and known.min() < 0:
            raise ValueError(f'{self.name} must be metres >= 0 or -1 (unknown), found {known.min():g}')

    def zoom(self, label: np.ndarray | Tensor, scale: float | Tensor) -> np.ndarray | Tensor:
        """Divide heights by ``scale``, as `Depth` does: zooming in equals shrinking the scene. Void stays void."""
        known = label >= 0
        return known * label / scale + ~known * label

    def valid(self, target: Tensor) -> Tensor:
        return target[:, 0] >= 0

    def activate(self, logits: Tensor) -> Tensor:
        return F.softplus(logits)

    def to_values(self, target: Tensor) -> Tensor:
        return target.clamp(min=0)

    def to_logits(self, values: Tensor) -> Tensor:
        """Return log(exp(v) - 1), the inverse of softplus."""
        values = values.clamp(min=LOWEST)
        return values + (-torch.expm1(-values)).log()

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return prediction and label in metres."""
        return self.activate(logits), self.to_values(target)

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        valid = self.valid(target)
        error = (prediction - target)[:, 0][valid].double().abs()
        return {'count': valid.sum(), 'abs': error.sum(), 'within_25cm': (error <= 0.25).sum()}

    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        count = torch.where(sums['count'] > 0, sums['count'], torch.nan)  # NaN where nothing was labelled
        return {name: (sums[name] / count).item() for name in ('abs', 'within_25cm')}

    @property
    def display(self) -> MapDisplay:
        return HeightDisplay(self)

    def visualize(self, values: np.ndarray) -> np.ndarray:
        grey = (255 * (values / self.highest).clip(0, 1)).astype(np.uint8)
        colour = cv2.applyColorMap(grey, cv2.COLORMAP_VIRIDIS)[..., ::-1]
        return np.where(values[..., None] >= 0, colour, 0).astype(np.uint8)


class HeightDisplay(MapDisplay):
    """A colour bar from 0 m to ``highest``."""

    task: Height
    unit = 'm'

    def value_range(self, values: np.ndarray) -> Range:
        return 0.0, self.task.highest
