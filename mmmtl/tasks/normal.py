"""Surface normals: unit vectors in the camera frame, facing the camera."""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.geometry.projection import apply_matrix
from mmmtl.registry import TASKS
from mmmtl.tasks.encodings import Encoding
from mmmtl.tasks.label_changes import unchanged
from mmmtl.tasks.label_classes import ClassifiedTask, NearestDirection
from mmmtl.tasks.map_display import MapDisplay
from mmmtl.tasks.map_files import MapFiles, NormalFiles
from mmmtl.tasks.task import Task
from mmmtl.tasks.valid_pixels import ratio
from mmmtl.tasks.view_changes import ViewChange

BINS_PER_DEGREE = 1000  # of the histogram for the median


@TASKS.register_module()
class Normal(Task):
    """Surface normals.

    Labels are unit vectors in the camera frame (x right, y down, z forward) that face the camera, and (0, 0, 0) where
    void. Logits are normalized to unit length; the default loss is `Cosine`.

    Metrics of the angle in degrees, over all valid pixels of the split: ``mean``, ``median``, ``rmse``, and the
    fractions ``within_11.25``, ``within_22.5``, ``within_30`` in [0, 1]. The angle is 2 atan2(|p - g|, |p + g|), which
    is exact near 0 and 180 degrees, unlike the arc cosine. The median comes from a histogram with bins of 0.001
    degrees, so that processes need not exchange pixels.

    Args:
        name: See `Task`.
        loss: `Cosine`, 1 - p.g as in MTPSL; `L1`, |p - g| summed over the three components as in SAK; `L2` or
            `Angular`; see `Task`.
    """

    channels = 3
    target_channels = 3
    void = 0.0
    allows_integers = False
    interpolation = 'nearest'
    quantity = 'normal'
    loss_space = 'directions'
    default_loss = dict(type='Cosine')
    primary_metric = 'mean'
    higher_is_better = False
    zoom = unchanged

    def check(self, label: np.ndarray) -> None:
        super().check(label)
        length = vector_lengths(label)
        bad = np.count_nonzero((length > 1e-3) & (np.abs(length - 1) > 0.05))
        if bad:
            raise ValueError(f'{bad} values of {self.name} are neither unit vectors nor (0, 0, 0)')

    def hflip(self, label: np.ndarray) -> np.ndarray:
        flipped = label.copy()
        np.negative(flipped[..., 0], out=flipped[..., 0])
        return flipped

    def valid(self, target: Tensor) -> Tensor:
        return target.square().sum(1) > 0.25

    def activate(self, logits: Tensor) -> Tensor:
        return F.normalize(logits, dim=1)

    def to_values(self, target: Tensor) -> Tensor:
        return torch.where(self.valid(target)[:, None], target, 0)

    def to_logits(self, values: Tensor) -> Tensor:
        return values

    def from_mean_space(self, mean: Tensor) -> Tensor:
        """Return the mean direction."""
        return F.normalize(mean, dim=1)

    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return self.activate(logits), self.to_values(target)

    @property
    def as_classes(self) -> Task:
        """40 directions; ATRC takes cluster centres of the training set instead of an even spread."""
        return ClassifiedTask(self, NearestDirection())

    @property
    def encoding(self) -> Encoding:
        return NormalEncoding(self)

    @property
    def view_change(self) -> ViewChange:
        return NormalViewChange()

    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        valid = self.valid(target)
        angle = angles(prediction.double(), F.normalize(target.double(), dim=1))[valid]
        return {
            'count': valid.sum(),
            'angle': angle.sum(),
            'square': angle.square().sum(),
            'within_11.25': (angle < 11.25).sum(),
            'within_22.5': (angle < 22.5).sum(),
            'within_30': (angle < 30).sum(),
            # a NaN shows in the mean; the histogram counts it as 180 degrees
            'histogram': torch.bincount(
                (angle.nan_to_num(180) * BINS_PER_DEGREE).long(), minlength=180 * BINS_PER_DEGREE + 1
            ),
        }

    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        mean = {name: ratio(value, sums['count']) for name, value in sums.items() if name not in ('count', 'histogram')}
        mean['mean'] = mean.pop('angle')
        mean['rmse'] = mean.pop('square').sqrt()
        below, count = sums['histogram'].cumsum(0), sums['count']
        bins = [(below < rank).sum() for rank in ((count + 1) // 2, count // 2 + 1)]  # of the two middle pixels
        mean['median'] = ((bins[0] + bins[1]) / 2 + 0.5) / BINS_PER_DEGREE * ratio(count, count)
        return {name: value.item() for name, value in mean.items()}

    @property
    def display(self) -> MapDisplay:
        return NormalDisplay(self)

    @property
    def files(self) -> MapFiles:
        return NormalFiles()

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """Render normals in the usual colours: red to the right, green upwards, blue towards the camera."""
        colour = (values * np.array([1, -1, -1], np.float32) + 1) * 127.5
        known = np.square(values).sum(-1, keepdims=True) > 0.25
        return np.where(known, colour.clip(0, 255), 0).astype(np.uint8)


class NormalDisplay(MapDisplay):
    """The display of normals; the key is a sphere as the camera sees it."""

    note = 'the normals of a sphere, as the camera sees it'

    def known(self, values: np.ndarray) -> np.ndarray:
        return np.square(values).sum(-1) > 0.25

    def key(self, size: int) -> np.ndarray:
        x = (np.arange(size) + 0.5) * (2 / size) - 1  # also y, which is down
        towards = np.sqrt((1 - x[:, None] ** 2 - x**2).clip(0))
        sphere = np.stack(np.broadcast_arrays(x, x[:, None], -towards), -1)
        return np.where(towards[..., None] > 0, self.task.visualize(sphere), 255).astype(np.uint8)


class NormalEncoding(Encoding):
    """(n + 1) / 2, as in MTPSL; 0.5 where void."""

    channels = 3

    def encode(self, logits: Tensor) -> Tensor:
        return (self.task.activate(logits) + 1) / 2

    def encode_target(self, target: Tensor) -> Tensor:
        return (self.task.to_values(target) + 1) / 2


class NormalViewChange(ViewChange):
    """Normals are rotated with the camera; compared by the angle in degrees."""

    comparison = 'angle'

    def to_view(self, values: Tensor, rays: Tensor, target_T_source: Tensor) -> Tensor:
        return apply_matrix(target_T_source[:, :3, :3].to(values.dtype), values)

    def compare(self, values: Tensor, others: Tensor) -> Tensor:
        return angles(values, others)


def angles(values: Tensor, others: Tensor) -> Tensor:
    """Compute the angles (N, H, W) in degrees between unit vectors (N, 3, H, W)."""
    return torch.rad2deg(2 * torch.atan2((values - others).norm(dim=1), (values + others).norm(dim=1)))


def vector_lengths(vectors: np.ndarray) -> np.ndarray:
    """Return the lengths (...) of vectors (..., 3): those of `numpy.linalg.norm`, several times as fast."""
    return lengths_of(np.ascontiguousarray(np.moveaxis(vectors, -1, 0)))


def lengths_of(axes: np.ndarray) -> np.ndarray:
    """Return the lengths (...) of vectors (3, ...)."""
    x, y, z = axes
    squares = x * x
    squares += y * y
    squares += z * z
    return np.sqrt(squares, out=squares)
