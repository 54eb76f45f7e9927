"""Depth: metres along the camera's z axis."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.geometry import transform_points
from mmmtl.registry import TASKS
from mmmtl.tasks.colours import middle_range, spectrum
from mmmtl.tasks.encodings import Encoding, RelativeEncoding
from mmmtl.tasks.losses import Loss
from mmmtl.tasks.stereo_depth import InvertedDepth, StereoDepth
from mmmtl.tasks.task import Task, ratio, unchanged
from mmmtl.tasks.view_changes import ViewChange

SMALLEST = 1e-9  # metres; predictions are lifted to it before they are judged

# Shares of the image (top, bottom, left, right) inside of which a protocol looks.
CROPS = {
    'eigen': (0.3324324, 0.91351351, 0.0359477, 0.96405229),  # KITTI, Eigen et al. 2014
    'garg': (0.40810811, 0.99189189, 0.03594771, 0.96405229),  # KITTI, Garg et al. 2016
    'nyu-eigen': (45 / 480, 471 / 480, 41 / 640, 601 / 640),  # NYUv2, where Kinect's depth and colour overlap
}


@TASKS.register_module()
class Depth(Task):
    """Labels are metres > 0, 0 where unknown; the logit is the depth itself.

    Args:
        name: Key in the samples.
        display_range: (near, far) in metres that the colours of a visualization span; the map's own 2nd and 98th
            percentile if None.
        min_depth: Truth at or below it is not measured, predictions are lifted to it.
        cap: Truth at or beyond it is not measured, predictions are lowered to it; e.g. 80 on KITTI. No limit if None.
        crop: ``'eigen'``, ``'garg'`` (KITTI) or ``'nyu-eigen'``: truth outside of that window is not measured.
        interpolation: How labels are resized. ``'points'`` is for the scattered points of a laser scanner: where they
            shrink, no pixel into which one falls becomes void, see `resize_points`.
        loss: `L1` by default, |p - g| in metres; or `L2`, `BerHu`, `SILog`.

    Measures, over all valid pixels of the split: ``abs`` and ``rmse`` in metres, ``rmse_log`` (natural logarithm),
    ``abs_rel``, ``sq_rel`` (metres) and the shares ``delta1..3`` of pixels with max(p/g, g/p) < 1.25, 1.25^2, 1.25^3.
    Predictions are clamped to at least 1e-9 m for all but ``abs_rel_unclamped``, which is the relative error as MTPSL's
    code takes it (it differs only where a network predicts negative depth). ``min_depth``, ``cap`` and ``crop`` act on
    measures, not on what is learnt.
    """

    channels = 1
    void = 0.0
    interpolation = 'nearest'
    whole_numbers = False  # millimetres, most likely
    quantity = 'depth'
    loss_space = 'positive'
    default_loss = dict(type='L1')
    primary_metric = 'abs_rel'
    higher_is_better = False
    hflip = unchanged

    def __init__(
        self,
        name: str,
        display_range: tuple[float, float] | None = None,
        *,
        min_depth: float = 0.0,
        cap: float | None = None,
        crop: str | None = None,
        interpolation: str = 'nearest',
        loss: Mapping[str, Any] | Loss | None = None,
    ) -> None:
        super().__init__(name, loss)
        if min_depth < 0 or (cap is not None and cap <= min_depth):
            raise ConfigError(f'{name}: expected 0 <= min_depth < cap, found min_depth={min_depth}, cap={cap}')
        if crop is not None and crop not in CROPS:
            raise ConfigError(f'{name}: crop must be None or one of {", ".join(CROPS)}, found {crop!r}')
        if interpolation not in ('nearest', 'points'):
            raise ConfigError(f"{name}: interpolation must be 'nearest' or 'points', found {interpolation!r}")
        self.display_range = display_range
        self.min_depth, self.cap, self.crop, self.interpolation = min_depth, cap, crop, interpolation

    def check(self, label: np.ndarray) -> None:
        super().check(label)
        if label.dtype.kind != 'f':
            raise ValueError(f'expected metres of {self.name} as floating point, found dtype {label.dtype}')
        if label.size and label.min() < 0:
            raise ValueError(
                f'{self.name} must be positive metres or 0 (unknown), found {label.min():g}; give '
                'other marks as void where the label is read'
            )

    def zoom(self, label: np.ndarray, scale: float) -> np.ndarray:
        """What is seen larger counts as nearer: d / s."""
        return label / scale

    def valid(self, target: Tensor) -> Tensor:
        return target[:, 0] > 0

    def activate(self, logits: Tensor) -> Tensor:
        return logits

    def to_values(self, target: Tensor) -> Tensor:
        return torch.where(target > 0, target, 0)

    def to_logits(self, values: Tensor) -> Tensor:
        return values

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Metres."""
        return self.activate(logits), self.to_values(target)

    @property
    def encoding(self) -> Encoding:
        return RelativeEncoding(self)

    @property
    def view_change(self) -> ViewChange:
        return MovedDepth()

    @property
    def stereo(self) -> StereoDepth:
        return InvertedDepth(self)

    def measured(self, target: Tensor) -> Tensor:
        """bool (N, H, W): the valid pixels that a protocol looks at."""
        depth = target[:, 0]
        inside = self.valid(target) & (depth > self.min_depth)
        if self.cap is not None:
            inside &= depth < self.cap
        if self.crop is not None:
            height, width = depth.shape[1:]
            top, bottom, left, right = CROPS[self.crop]
            window = torch.zeros_like(inside)
            window[:, int(top * height) : int(bottom * height), int(left * width) : int(right * width)] = True
            inside &= window
        return inside

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        valid = self.measured(target)
        raw, truth = prediction[:, 0][valid].double(), target[:, 0][valid].double()
        depth = raw.clamp(min=max(SMALLEST, self.min_depth), max=self.cap)
        difference = depth - truth
        factor = torch.maximum(depth / truth, truth / depth)
        return {
            'count': valid.sum(),
            'abs': difference.abs().sum(),
            'square': difference.square().sum(),
            'square_log': (depth.log() - truth.log()).square().sum(),
            'abs_rel': (difference.abs() / truth).sum(),
            'abs_rel_unclamped': ((raw - truth).abs() / truth).sum(),
            'sq_rel': (difference.square() / truth).sum(),
            'delta1': (factor < 1.25).sum(),
            'delta2': (factor < 1.25**2).sum(),
            'delta3': (factor < 1.25**3).sum(),
        }

    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        mean = {name: ratio(value, sums['count']) for name, value in sums.items() if name != 'count'}
        mean['rmse'] = mean.pop('square').sqrt()
        mean['rmse_log'] = mean.pop('square_log').sqrt()
        return {name: value.item() for name, value in mean.items()}

    def visualize(self, values: np.ndarray) -> np.ndarray:
        known = values > 0
        near, far = self.display_range or middle_range(values, known)
        farness = (values - near) / max(far - near, 1e-6)
        return spectrum(1 - farness.clip(0, 1), known)  # near is red, far is blue


class MovedDepth(ViewChange):
    """The z of the same point in the other camera."""

    comparison = 'abs_rel'

    def to_view(self, values: Tensor, rays: Tensor, target_T_source: Tensor) -> Tensor:
        """Unknown stays unknown, behind the camera is unknown."""
        moved = transform_points(values * rays, target_T_source)[:, 2:]
        return torch.where(values > 0, moved, 0).clamp(min=0)

    def compare(self, values: Tensor, others: Tensor) -> Tensor:
        """|a - b| / ((|a| + |b|) / 2): the relative difference, alike from both sides and never above 2."""
        scale = (values.abs() + others.abs()).clamp(min=SMALLEST) / 2
        return ((values - others).abs() / scale)[:, 0]
