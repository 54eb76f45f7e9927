"""Depth in metres along the camera's z axis."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.registry import TASKS
from mmmtl.tasks.depth_display import DepthDisplay
from mmmtl.tasks.depth_view_change import MIN_PREDICTION, DepthViewChange
from mmmtl.tasks.encodings import Encoding, InverseDepthEncoding, LogDepthEncoding, RelativeEncoding
from mmmtl.tasks.label_changes import unchanged
from mmmtl.tasks.label_classes import ClassifiedTask, LogDepthBins
from mmmtl.tasks.losses import Loss
from mmmtl.tasks.map_display import MapDisplay
from mmmtl.tasks.map_files import DepthFiles, MapFiles
from mmmtl.tasks.stereo_depth import MetricStereoDepth, StereoDepth
from mmmtl.tasks.task import Task
from mmmtl.tasks.valid_pixels import ratio
from mmmtl.tasks.view_changes import ViewChange

# Evaluation crops: (top, bottom, left, right) as fractions of the image size.
CROPS = {
    'eigen': (0.3324324, 0.91351351, 0.0359477, 0.96405229),  # KITTI, Eigen et al. 2014
    'garg': (0.40810811, 0.99189189, 0.03594771, 0.96405229),  # KITTI, Garg et al. 2016
    'nyu-eigen': (45 / 480, 471 / 480, 41 / 640, 601 / 640),  # NYUv2, where Kinect's depth and colour overlap
}
ENCODINGS: dict[str, type[Encoding]] = {
    'relative': RelativeEncoding,
    'log': LogDepthEncoding,
    'inverse': InverseDepthEncoding,
}


@TASKS.register_module()
class Depth(Task):
    """Depth in metres.

    Labels are metres > 0, and 0 where void. The logit is the depth itself; the default loss is `L1` in metres.

    Metrics of prediction p and ground truth g, over all evaluated pixels of the split: ``abs`` and ``rmse`` in metres;
    ``rmse_log`` (natural logarithm); ``abs_rel``; ``sq_rel`` in metres; ``delta1``, ``delta2``, ``delta3``, the
    fractions of pixels with max(p/g, g/p) < 1.25, 1.25^2, 1.25^3. Predictions are clamped to at least 1e-9 m for all
    but ``abs_rel_unclamped``, the relative error as the code of MTPSL computes it; it differs only where a network
    predicts negative depth, or depth outside the limits.

    ``min_depth``, ``max_depth`` and ``crop`` restrict the metrics, not the training.

    Args:
        name: See `Task`.
        display_range: (near, far) in metres that the colours of a visualization span; the 2nd and 98th percentile of
            the map if None.
        min_depth: Pixels with ground truth at or below it are not evaluated; predictions are clamped to it.
        max_depth: Pixels with ground truth at or beyond it are not evaluated; predictions are clamped to it. 80 on
            KITTI; no limit if None.
        crop: Evaluate the window ``'eigen'`` or ``'garg'`` (KITTI) or ``'nyu-eigen'`` only; the whole image if None.
        interpolation: ``'nearest'``, or ``'points'`` for the sparse depth of a laser scanner, see `resize_points`.
        encoding: Encoding of the depth for consistency losses: ``'relative'`` to its maximum, as published; ours:
            ``'log'`` or ``'inverse'``, see `LogDepthEncoding` and `InverseDepthEncoding`.
        loss: `L1`, `L2`, `BerHu` or `SILog`; see `Task`.

    Raises:
        ConfigError: An option has an invalid value.
    """

    channels = 1
    void = 0.0
    interpolation = 'nearest'
    allows_integers = False  # most likely millimetres
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
        max_depth: float | None = None,
        crop: str | None = None,
        interpolation: str = 'nearest',
        encoding: str = 'relative',
        loss: Mapping[str, Any] | Loss | None = None,
    ) -> None:
        super().__init__(name, loss)
        if min_depth < 0 or (max_depth is not None and max_depth <= min_depth):
            raise ConfigError(
                f'{name}: expected 0 <= min_depth < max_depth, found min_depth={min_depth}, max_depth={max_depth}'
            )
        if crop is not None and crop not in CROPS:
            raise ConfigError(f'{name}: crop must be None or one of {", ".join(CROPS)}, found {crop!r}')
        if interpolation not in ('nearest', 'points'):
            raise ConfigError(f"{name}: interpolation must be 'nearest' or 'points', found {interpolation!r}")
        if encoding not in ENCODINGS:
            raise ConfigError(f'{name}: encoding must be one of {", ".join(ENCODINGS)}, found {encoding!r}')
        self.display_range, self.encoding_name = display_range, encoding
        self.min_depth, self.max_depth, self.crop, self.interpolation = min_depth, max_depth, crop, interpolation

    def check(self, label: np.ndarray) -> None:
        super().check(label)
        if label.dtype.kind != 'f':
            raise ValueError(f'expected metres of {self.name} as floating point, found dtype {label.dtype}')
        if label.size and label.min() < 0:
            raise ValueError(
                f'{self.name} must be positive metres or 0 (void), found {label.min():g}; map '
                'other void values to 0 where the label is read'
            )

    def zoom(self, label: np.ndarray, scale: float) -> np.ndarray:
        """Divide by the scale: what appears larger is nearer."""
        return label / scale

    def valid(self, target: Tensor) -> Tensor:
        return target[:, 0] > 0

    def activate(self, logits: Tensor) -> Tensor:
        return logits

    def to_values(self, target: Tensor) -> Tensor:
        return torch.where(target > 0, target, 0)

    def to_logits(self, values: Tensor) -> Tensor:
        return values

    def to_mean_space(self, values: Tensor) -> Tensor:
        """Return the logarithm: the mean of depths is then the inverse of the mean of inverse depths."""
        return values.clamp(min=MIN_PREDICTION).log()

    def from_mean_space(self, mean: Tensor) -> Tensor:
        return mean.exp()

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return prediction and label in metres."""
        return self.activate(logits), self.to_values(target)

    @property
    def as_classes(self) -> Task:
        """40 bins of the logarithm between 0.7 m and ``max_depth``, 10 m by default, as ATRC has on NYUD-v2."""
        return ClassifiedTask(self, LogDepthBins(farthest=self.max_depth or 10.0))

    @property
    def encoding(self) -> Encoding:
        return ENCODINGS[self.encoding_name](self)

    @property
    def view_change(self) -> ViewChange:
        return DepthViewChange()

    @property
    def stereo(self) -> StereoDepth:
        return MetricStereoDepth(self)

    def evaluated(self, target: Tensor) -> Tensor:
        """Return the pixels that metrics count, bool (N, H, W): valid, within the depth range and the crop."""
        depth = target[:, 0]
        mask = self.valid(target) & (depth > self.min_depth)
        if self.max_depth is not None:
            mask &= depth < self.max_depth
        if self.crop is not None:
            height, width = depth.shape[1:]
            top, bottom, left, right = CROPS[self.crop]
            window = torch.zeros_like(mask)
            window[:, int(top * height) : int(bottom * height), int(left * width) : int(right * width)] = True
            mask &= window
        return mask

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        valid = self.evaluated(target)
        unclamped, truth = prediction[:, 0][valid].double(), target[:, 0][valid].double()
        depth = unclamped.clamp(min=max(MIN_PREDICTION, self.min_depth), max=self.max_depth)
        difference = depth - truth
        factor = torch.maximum(depth / truth, truth / depth)
        return {
            'count': valid.sum(),
            'abs': difference.abs().sum(),
            'square': difference.square().sum(),
            'square_log': (depth.log() - truth.log()).square().sum(),
            'abs_rel': (difference.abs() / truth).sum(),
            'abs_rel_unclamped': ((unclamped - truth).abs() / truth).sum(),
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

    @property
    def display(self) -> MapDisplay:
        return DepthDisplay(self)

    @property
    def files(self) -> MapFiles:
        return DepthFiles()

    def visualize(self, values: np.ndarray) -> np.ndarray:
        return self.display.draw(values)
