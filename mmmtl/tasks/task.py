"""The contract of a task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmmtl.tasks.encodings import Encoding
from mmmtl.tasks.label_changes import flip_as_labels
from mmmtl.tasks.label_resizing import INTERPOLATIONS
from mmmtl.tasks.losses import Loss, build_loss
from mmmtl.tasks.map_display import MapDisplay
from mmmtl.tasks.map_files import MapFiles
from mmmtl.tasks.required_attributes import check_attributes
from mmmtl.tasks.stereo_depth import StereoDepth
from mmmtl.tasks.view_changes import ViewChange


class Task(ABC):
    """A dense prediction task: its labels, its network output, its loss, its metrics and its visualization.

    A task is stateless: it has no parameters, and its methods are pure functions. All that depends on the task is here;
    datasets, transforms, heads, metrics and hooks contain no code for a particular task. To add a task, write a
    subclass, register it in `mmmtl.registry.TASKS` and test it with `mmmtl.testing.check_task`.

    Four kinds of maps occur, for N images of H x W pixels:

    ========== =================================== ==================================================================
    label      ndarray (H, W) or                   one image's label in the data pipeline; any real dtype, (H, W) if
               (H, W, target_channels)             ``target_channels`` is 1
    target     Tensor (N, target_channels, H, W)   a batch of labels, of the dtype `dtype`
    logits     Tensor (N, channels, H, W)          what the decode head returns; floating point, unbounded
    values     Tensor (N, C, H, W)                 activated logits: metres, probabilities, unit vectors;
                                                   C depends on the task
    ========== =================================== ==================================================================

    **Void.** Pixels without ground truth have the value `void`. An image without a label of the task has a target that
    is void everywhere, so "no label" and "no ground truth at this pixel" are the same case. Void pixels change neither
    the loss nor its gradient nor any metric.

    **What must hold**, besides the shapes:

    - ``hflip(hflip(label)) == label``, and ``zoom(zoom(label, s), 1 / s) == label`` up to rounding.
    - ``activate(to_logits(to_values(target)))`` equals ``to_values(target)`` at valid pixels, up to rounding.
    - `error` and `metric_sums` of a batch are those of its images, one by one or added up.
    - `error` of an image without valid pixels is (0, 0), and the 0 is connected to the graph of the logits.

    Attributes without a default differ from task to task, and every subclass sets them, in the class body or before
    ``super().__init__()``.

    Args:
        name: Key of the task in samples, configs and logs, e.g. ``'depth'``; `build_tasks` lists the forbidden ones.
        loss: ``dict(type='SILog', ...)``, or only options of the default loss, e.g. ``dict(label_smoothing=0.1)``; the
            losses are listed in `mmmtl.tasks.losses`. The default loss if None.

    Raises:
        TypeError: The subclass lacks a required attribute.
        ConfigError: The loss is unknown, has no such option or does not fit ``loss_space`` or ``channels``.
    """

    channels: int
    """Number of channels of the logits."""

    target_channels: int = 1
    """Number of channels of the label and of the prediction."""

    void: float
    """Value of label pixels without ground truth; finite, and no valid pixel has it in all channels."""

    interpolation: str
    """How labels are resized: ``'nearest'``, ``'bilinear'`` (no void pixels), ``'lines'`` or ``'points'``."""

    dtype: torch.dtype = torch.float32
    """Dtype of targets: float32, or int64 for class indices."""

    allows_integers: bool
    """Whether an integer label file may be read without a scale. False for quantities such as metres, where an integer
    file most likely holds a different unit (millimetres)."""

    quantity: str = ''
    """``'depth'`` (metres along z), ``'normal'``, ``'classes'`` or ``'confidence'``, for parts that need a task of this
    kind; empty for any other quantity."""

    loss_space: str
    """The form in which `loss_inputs` returns prediction and ground truth, a key of `mmmtl.tasks.losses.SPACES`."""

    default_loss: Mapping[str, Any]
    """Config of the loss that is used if no other is given."""

    primary_metric: str
    """The metric (a key of what `compute_metrics` returns) by which the task is compared, e.g. in Delta_MTL."""

    higher_is_better: bool
    """Whether a higher `primary_metric` is better."""

    def __init__(self, name: str, loss: Mapping[str, Any] | Loss | None = None) -> None:
        check_attributes(self)
        self.name = name
        self.loss = build_loss(
            self.default_loss if loss is None else loss, self.default_loss, name, self.loss_space, self.channels
        )

    # -- labels in the data pipeline: numpy arrays (H, W) or (H, W, C) -----------------------------------------------

    def check(self, label: np.ndarray) -> None:
        """Check a label that was read from a file. Subclasses extend this by the range of their values.

        Args:
            label: (H, W), or (H, W, target_channels) if there are several channels.

        Raises:
            ValueError: The shape is wrong, or a value is not finite or not allowed. The message states the expected
                and the found values; the caller adds the file name.
        """
        expected = 2 if self.target_channels == 1 else 3
        if label.ndim != expected or (expected == 3 and label.shape[2] != self.target_channels):
            raise ValueError(
                f'expected {"H x W" if expected == 2 else f"H x W x {self.target_channels}"} values of '
                f'{self.name}, found shape {label.shape}'
            )
        if label.dtype.kind == 'f' and not np.isfinite(label).all():
            raise ValueError(
                f'{np.count_nonzero(~np.isfinite(label))} values of {self.name} are NaN or infinite; '
                f'mark missing values with {self.void}, or give them as void where the label is read'
            )

    def resize(self, label: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Resize a label to ``size`` (H, W), by `interpolation`; the dtype stays."""
        return INTERPOLATIONS[self.interpolation](label, size, self.void)

    @abstractmethod
    def hflip(self, label: np.ndarray) -> np.ndarray:
        """Adjust the values of a label after the image was flipped horizontally.

        The pixels have been moved already. A normal changes the sign of its x component, for example, and a body part
        changes from left to right. Set ``hflip = unchanged`` if the values stay. The label, (H, W) or
        (H, W, target_channels), is not modified; the result has its shape and dtype, and void pixels stay void.
        """

    @abstractmethod
    def zoom(self, label: np.ndarray, scale: float) -> np.ndarray:
        """Adjust the values of a label after the image was enlarged by ``scale`` with unchanged intrinsics.

        The pixels have been moved already. Objects that appear ``scale`` times as large are assumed to be as many times
        nearer: a depth is divided by ``scale``. Set ``zoom = unchanged`` if the values stay.

        Args:
            label: (H, W) or (H, W, target_channels); not modified. A prediction, as a Tensor (N, target_channels, H, W)
                with ``scale`` (N, 1, 1, 1), must work as well.
            scale: > 0; above 1 where the image was enlarged.

        Returns:
            An array or tensor of the same shape and dtype; void pixels stay void.
        """

    @abstractmethod
    def valid(self, target: Tensor) -> Tensor:
        """Return where a target (N, target_channels, H, W) has ground truth, bool (N, H, W)."""

    # -- network output ----------------------------------------------------------------------------------------------

    @abstractmethod
    def activate(self, logits: Tensor) -> Tensor:
        """Convert logits (N, channels, H, W) to values (N, C, H, W): metres, probabilities, unit vectors.

        Differentiable: losses between tasks or views compare these values. They need not have the form of a label, as
        `predict` has it.
        """

    @abstractmethod
    def to_values(self, target: Tensor) -> Tensor:
        """Convert a target (N, target_channels, H, W) to values (N, C, H, W), the form of `activate`; 0 where void.

        A mean of such values over images must be meaningful (class indices become one-hot vectors): it is the constant
        prediction that `mmmtl.metrics.constant_maps` compares networks with.
        """

    @abstractmethod
    def to_logits(self, values: Tensor) -> Tensor:
        """Convert values (N, C, H, W) to finite logits (N, channels, H, W), the inverse of `activate`."""

    def predict(self, logits: Tensor) -> Tensor:
        """Convert logits to predictions (N, target_channels, H, W) in the form of targets; by default `activate`."""
        return self.activate(logits)

    def hflip_values(self, values: Tensor) -> Tensor:
        """Adjust values (N, C, H, W) as `hflip` does labels; to be overridden if their channels differ."""
        return flip_as_labels(self.hflip, values)

    def to_mean_space(self, values: Tensor) -> Tensor:
        """Convert values (N, C, H, W) to the space in which predictions are averaged; unchanged by default."""
        return values

    def from_mean_space(self, mean: Tensor) -> Tensor:
        """Convert a mean (N, C, H, W) of results of `to_mean_space` back to values; the inverse of it."""
        return mean

    # -- loss --------------------------------------------------------------------------------------------------------

    @abstractmethod
    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Convert logits and target to the form that losses of ``loss_space`` take.

        Args:
            logits: (N, channels, H, W), 0 at void pixels.
            target: (N, target_channels, H, W).

        Returns:
            Prediction and ground truth, of the shapes and dtypes that `mmmtl.tasks.losses.SPACES` lists. Both must be
            finite at void pixels too, where their values do not matter.
        """

    def error(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the loss of N images. Subclasses need not override this.

        Void pixels are masked here and nowhere else: not even a NaN at a void pixel reaches the loss or its gradient.

        Args:
            logits: (N, channels, H, W).
            target: (N, target_channels, H, W).

        Returns:
            Sum of the loss over the valid pixels and number of valid pixels, both float32 (N,).
            `mmmtl.models.loss_reduction` makes one number of them.
        """
        valid = self.valid(target)
        return self.loss(*self.loss_inputs(logits.masked_fill(~valid[:, None], 0), target), valid)

    # -- metrics -----------------------------------------------------------------------------------------------------

    @abstractmethod
    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Compute the statistics of N images from which the metrics of a split are computed.

        The results of all calls and processes are added up, key by key, and passed to `compute_metrics`, so they must
        be sums over pixels or images: error sums, counts, confusion matrices, histograms.

        Args:
            prediction: (N, target_channels, H, W), from `predict`.
            target: (N, target_channels, H, W), on the same device.

        Returns:
            Tensors of any shape, float64 or int64, of the same keys and shapes in every call. All are 0 where no pixel
            is valid. NaN in a prediction must end in NaN sums rather than be dropped.
        """

    @abstractmethod
    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        """Compute the metrics of a split, among them `primary_metric`, from the added-up results of `metric_sums`.

        A metric is NaN if no pixel was valid.
        """

    # -- visualization -----------------------------------------------------------------------------------------------

    @abstractmethod
    def visualize(self, values: np.ndarray) -> np.ndarray:
        """Render a map (H, W) or (H, W, target_channels) as an RGB image (H, W, 3), uint8; void pixels are black."""

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        """Return ``(caption, RGB colour)`` for what occurs in a map; empty if the task has no legend."""
        return []

    @property
    def display(self) -> MapDisplay:
        """How sheets draw a map: range, unit and key of its colours, and pixels without a value."""
        return MapDisplay(self)

    @property
    def files(self) -> MapFiles:
        """The files that a prediction is written to."""
        return MapFiles()

    # -- optional capabilities: None where the task lacks one --------------------------------------------------------

    @property
    def encoding(self) -> Encoding | None:
        """Input encoding for networks that relate tasks (`mmmtl.models.consistency_losses.CrossTaskConsistency`)."""
        return None

    @property
    def view_change(self) -> ViewChange | None:
        """How a map changes with the camera, for comparisons between views (`mmmtl.metrics.CrossViewMetric`)."""
        return None

    @property
    def stereo(self) -> StereoDepth | None:
        """Disparity of a depth prediction, for losses between the views of a stereo pair."""
        return None

    @property
    def as_classes(self) -> 'Task | None':
        """Prediction of classes of the same labels, for heads that group pixels by class; itself if it has classes."""
        return None

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.name!r})'
