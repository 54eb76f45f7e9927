"""The contract of a task: everything that is true of it and of nothing else, as pure functions of tensors.

Shapes: logits (N, channels, H, W); targets (N, target_channels, H, W); N samples; counts and sums are float32 (N,).
`mmmtl.testing.check_task` tries all of it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmengine.config import ConfigDict
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.registry import TASKS
from mmmtl.tasks.encodings import Encoding
from mmmtl.tasks.label_resizing import INTERPOLATIONS
from mmmtl.tasks.losses import Loss, build_loss
from mmmtl.tasks.stereo_depth import StereoDepth
from mmmtl.tasks.view_changes import ViewChange

STATED = (
    'channels',
    'void',
    'interpolation',
    'whole_numbers',
    'loss_space',
    'default_loss',
    'primary_metric',
    'higher_is_better',
)
# optional abilities, by the attribute that is None where a task has none
CAPABILITIES = {
    'encoding': 'encoding for networks that relate tasks',
    'view_change': 'change of view',
    'stereo': 'depth in metres',
}


class Task(ABC):
    """What a dense task means: how its labels look and move, how the network states them, its loss, measures, picture.

    A task holds no parameters. "No label for this image" and "no value at this pixel" are one case: the value ``void``.
    What has no default here differs from task to task, and a class states it.

    Args:
        name: The key under which samples carry the task, e.g. ``'depth'``.
        loss: ``dict(type='SILog')``, or options of the default one; see `mmmtl.tasks.losses`.
    """

    # labels
    channels: int  # of the logits
    target_channels: int = 1  # of the label
    void: float  # the label's value where nothing is known
    interpolation: str  # how labels are resized, a key of `INTERPOLATIONS`
    dtype: torch.dtype = torch.float32  # of the label
    whole_numbers: bool  # whether a file of whole numbers, without a scale, can be a label
    quantity: str = ''  # 'depth' (metres along z), 'normal', 'classes', 'confidence': for what needs that and no other
    # learning
    loss_space: str  # the terms in which `loss_inputs` states prediction and label, a key of `SPACES`
    default_loss: Mapping[str, Any]
    # judging
    primary_metric: str  # the measure that stands for the task
    higher_is_better: bool
    # what a task may have; see `CAPABILITIES`
    encoding: Encoding | None = None
    view_change: ViewChange | None = None
    stereo: StereoDepth | None = None

    def __init__(self, name: str, loss: Mapping[str, Any] | Loss | None = None) -> None:
        unstated = [attribute for attribute in STATED if not hasattr(self, attribute)]
        if unstated:
            raise TypeError(f'{type(self).__name__} does not state {", ".join(unstated)}; see mmmtl.tasks.Task')
        self.name = name
        self.loss = build_loss(
            self.default_loss if loss is None else loss, self.default_loss, name, self.loss_space, self.channels
        )

    # -- labels, as numpy arrays (H, W) or (H, W, C), on their way through the pipeline ------------------------------

    def check(self, label: np.ndarray) -> None:
        """Raise ValueError, saying what was expected and found, when ``label`` cannot be one of this task."""
        expected = 2 if self.target_channels == 1 else 3
        if label.ndim != expected or (expected == 3 and label.shape[2] != self.target_channels):
            raise ValueError(
                f'expected {"H x W" if expected == 2 else f"H x W x {self.target_channels}"} values of '
                f'{self.name}, found shape {label.shape}'
            )
        if label.dtype.kind == 'f' and not np.isfinite(label).all():
            raise ValueError(
                f'{np.count_nonzero(~np.isfinite(label))} values of {self.name} are NaN or infinite; '
                f'mark missing values by {self.void}, or give them as void where the label is read'
            )

    def resize(self, label: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """The label at another size (H, W)."""
        return INTERPOLATIONS[self.interpolation](label, size, self.void)

    @abstractmethod
    def hflip(self, label: np.ndarray) -> np.ndarray:
        """Values after the image is flipped left to right (the pixels have been moved already); or `unchanged`."""

    @abstractmethod
    def zoom(self, label: np.ndarray, scale: float) -> np.ndarray:
        """Values after the camera has zoomed in by ``scale`` (the pixels have been moved already), in the dtype of the
        label; of tensors too. Or `unchanged`."""

    @abstractmethod
    def valid(self, target: Tensor) -> Tensor:
        """(N, C, H, W) -> bool (N, H, W): where the label is known."""

    # -- how the network states the task -----------------------------------------------------------------------------

    @abstractmethod
    def activate(self, logits: Tensor) -> Tensor:
        """Logits -> differentiable values in the task's own space (probabilities, metres, unit vectors)."""

    @abstractmethod
    def to_values(self, target: Tensor) -> Tensor:
        """A target in the space of `activate`, 0 where void; a mean of such values over images makes sense."""

    @abstractmethod
    def to_logits(self, values: Tensor) -> Tensor:
        """The inverse of `activate`: logits that state such values."""

    def predict(self, logits: Tensor) -> Tensor:
        """Logits -> final map (N, target_channels, H, W), comparable with a target."""
        return self.activate(logits)

    # -- learning ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def loss_inputs(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Prediction and label in the terms of ``loss_space``, finite where the label is void."""

    def error(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """(sum of the loss over valid pixels, their count), each (N,); the model reduces them to one number.

        Void is masked here and nowhere else: not even a NaN at a void pixel reaches the loss or its gradient.
        """
        valid = self.valid(target)
        return self.loss(*self.loss_inputs(logits.masked_fill(~valid[:, None], 0), target), valid)

    # -- judging -----------------------------------------------------------------------------------------------------

    @abstractmethod
    def metric_sums(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Sums over the valid pixels of N images, float64 or int64; those of many calls are added up before `score`."""

    @abstractmethod
    def compute_metrics(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        """Added-up sums of a split -> named numbers; NaN where nothing was labelled."""

    @abstractmethod
    def visualize(self, values: np.ndarray) -> np.ndarray:
        """A map (H, W) or (H, W, C) -> picture (H, W, 3), uint8 RGB; void is black."""

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        """(caption, colour) for what is in the map; empty where colours speak for themselves."""
        return []

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.name!r})'


def unchanged(task: Task, label: np.ndarray, *change: float) -> np.ndarray:
    """``hflip = unchanged``: the label's values stay as they are."""
    return label


def build_tasks(tasks: Mapping[str, dict | Task]) -> dict[str, Task]:
    """Build tasks from ``{name: config}``; tasks that are built already pass through.

    Raises:
        ConfigError: No task is given, or one is called ``loss``, which is the name of their total.
    """
    if not tasks:
        raise ConfigError('tasks is empty: name at least one, e.g. tasks = dict(depth=dict(type=Depth))')
    if 'loss' in tasks:
        raise ConfigError("tasks.loss: 'loss' is the name of the total; call the task something else")
    return {
        name: task if isinstance(task, Task) else TASKS.build(ConfigDict(task, name=name))
        for name, task in tasks.items()
    }


def require(tasks: Mapping[str, Task], capability: str, consumer: str) -> None:
    """Raise ConfigError if a task lacks an optional ability.

    Args:
        tasks: All that ``consumer`` will ask.
        capability: A key of `CAPABILITIES`.
        consumer: What asks, as its user knows it, e.g. ``'CrossTaskConsistency'``.
    """
    for name, task in tasks.items():
        if getattr(task, capability) is None:
            raise ConfigError(
                f'{consumer}: the task {name} ({type(task).__name__}) has no {CAPABILITIES[capability]}; '
                f'leave the task out or take another one, or state {type(task).__name__}.{capability}'
            )


def known_window(known: np.ndarray) -> tuple[slice, slice]:
    """The smallest window that holds all known pixels of (H, W): the image without its padding."""
    (top, bottom), (left, right) = (np.flatnonzero(known.any(axis))[[0, -1]] for axis in (1, 0))
    return slice(top, bottom + 1), slice(left, right + 1)


def ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """numerator / denominator in float64, NaN where there is nothing to divide by."""
    numerator, denominator = numerator.double(), denominator.double()
    return torch.where(denominator > 0, numerator / denominator.clamp(min=1e-300), torch.nan)
