"""The contract of a task: everything that is true of it and of nothing else, as pure functions of tensors.

Shapes: logits (N, channels, H, W); targets (N, target_channels, H, W); N samples; counts and sums are float32 (N,).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import torch
from mmengine.config import ConfigDict
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.registry import TASKS
from mmmtl.tasks.label_resizing import INTERPOLATIONS


class Task(ABC):
    """What a dense task means: how its labels look and move, its error, its measures and its picture.

    A task holds no parameters. "No label for this image" and "no value at this pixel" are one case: the value ``void``.

    Args:
        name: The key under which samples carry the task, e.g. ``'depth'``.
    """

    channels: int  # of the logits
    target_channels: int = 1  # of the label
    void: float  # the label's value where nothing is known
    interpolation: str = 'nearest'  # how labels are resized, a key of `INTERPOLATIONS`
    dtype: torch.dtype = torch.float32  # of the label
    whole_numbers: bool = True  # whether a file of whole numbers, without a scale, can be a label
    headline: str  # the measure that stands for the task
    higher_is_better: bool
    comparison: str = 'abs'  # what `compare` measures

    def __init__(self, name: str) -> None:
        self.name = name

    # -- labels, as numpy arrays (H, W) or (H, W, C), on their way through the pipeline ------------------------------

    def check(self, label: np.ndarray) -> None:
        """Raise ValueError, saying what was expected and found, when ``label`` cannot be one of this task."""
        expected = 2 if self.target_channels == 1 else 3
        if label.ndim != expected or (expected == 3 and label.shape[2] != self.target_channels):
            raise ValueError(f'expected {"H x W" if expected == 2 else f"H x W x {self.target_channels}"} values of '
                             f'{self.name}, found shape {label.shape}')
        if label.dtype.kind == 'f' and not np.isfinite(label).all():
            raise ValueError(f'{np.count_nonzero(~np.isfinite(label))} values of {self.name} are NaN or infinite; '
                             f'mark missing values by {self.void}, or give them as void where the label is read')

    def resize(self, label: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """The label at another size (H, W)."""
        return INTERPOLATIONS[self.interpolation](label, size, self.void)

    def mirror(self, label: np.ndarray) -> np.ndarray:
        """Values after the image is flipped left to right (the pixels have been moved already)."""
        return label

    def zoom(self, label: np.ndarray, scale: float) -> np.ndarray:
        """Values after the camera has zoomed in by ``scale`` (the pixels have been moved already); of tensors too."""
        return label

    # -- learning -------------------------------------------------------------------------------------------------

    @abstractmethod
    def valid(self, target: Tensor) -> Tensor:
        """(N, C, H, W) -> bool (N, H, W): where the label is known."""

    @abstractmethod
    def activate(self, logits: Tensor) -> Tensor:
        """Logits -> differentiable values in the task's own space (probabilities, metres, unit vectors)."""

    def predict(self, logits: Tensor) -> Tensor:
        """Logits -> final map (N, target_channels, H, W), comparable with a target."""
        return self.activate(logits)

    @abstractmethod
    def error(self, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """(sum of the error over valid pixels, their count), each (N,); the model reduces them to one number."""

    # -- into a space that tasks share ------------------------------------------------------------------------------

    @property
    def encoded_channels(self) -> int:
        """How many channels `encode` and `encode_target` give."""
        return self.channels

    def encode(self, logits: Tensor) -> Tensor:
        """Logits -> (N, encoded_channels, H, W) of the order of 1, differentiable: what a network that relates tasks
        is given of a prediction."""
        return self.activate(logits)

    def encode_target(self, target: Tensor) -> Tensor:
        """A target -> (N, encoded_channels, H, W) in the same terms, one constant where void."""
        return self.known_values(target).float()

    # -- from view to view and from label to logits -----------------------------------------------------------------

    def seen_from(self, values: Tensor, rays: Tensor, target_T_source: Tensor) -> Tensor:
        """A final map (N, C, H, W) of the source camera, pixel by pixel as the target camera would state it.

        The pixels stay where they are; only the values change. Labels do not.

        Args:
            rays: (N, 3, H, W), the source camera's points at depth 1, as `mmmtl.geometry.view_rays` gives them.
            target_T_source: (N, 4, 4).
        """
        return values

    def compare(self, values: Tensor, others: Tensor) -> Tensor:
        """Two final maps (N, C, H, W) of one camera -> (N, H, W): the number that ``comparison`` names, per pixel."""
        return (values - others).abs().mean(1)

    def known_values(self, target: Tensor) -> Tensor:
        """A target -> values (N, *, H, W) whose mean over images makes sense, 0 where void."""
        return torch.where(self.valid(target)[:, None], target, 0)

    def logits_of(self, values: Tensor) -> Tensor:
        """A mean of such values -> logits that say it."""
        return values

    # -- judging --------------------------------------------------------------------------------------------------

    @abstractmethod
    def measure(self, prediction: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Sums over the valid pixels of N images, float64 or int64; those of many calls are added up before `score`."""

    @abstractmethod
    def score(self, sums: Mapping[str, Tensor]) -> dict[str, float]:
        """Added-up sums of a split -> named numbers; NaN where nothing was labelled."""

    @abstractmethod
    def draw(self, values: np.ndarray) -> np.ndarray:
        """A map (H, W) or (H, W, C) -> picture (H, W, 3), uint8 RGB; void is black."""

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        """(caption, colour) for what is in the map; empty where colours speak for themselves."""
        return []

    # -- helpers of the tasks ---------------------------------------------------------------------------------------

    def masked(self, logits: Tensor, target: Tensor) -> Tensor:
        """Logits with 0 where the label is void, so that not even a NaN there reaches the error or its gradient."""
        return logits.masked_fill(~self.valid(target)[:, None], 0)

    def masked_sum(self, error: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Per-pixel error (N, H, W) of masked logits -> (sum, count) over valid pixels."""
        valid = self.valid(target)
        total = torch.where(valid, error, error.new_zeros(())).flatten(1).sum(1)
        return total, valid.flatten(1).sum(1, dtype=torch.float32)

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.name!r})'


def build_tasks(tasks: Mapping[str, dict | Task]) -> dict[str, Task]:
    """Build tasks from ``{name: config}``; tasks that are built already pass through.

    Raises:
        ConfigError: No task is given, or one is called ``loss``, which is the name of their total.
    """
    if not tasks:
        raise ConfigError('tasks is empty: name at least one, e.g. tasks = dict(depth=dict(type=Depth))')
    if 'loss' in tasks:
        raise ConfigError("tasks.loss: 'loss' is the name of the total; call the task something else")
    return {name: task if isinstance(task, Task) else TASKS.build(ConfigDict(task, name=name))
            for name, task in tasks.items()}


def known_window(known: np.ndarray) -> tuple[slice, slice]:
    """The smallest window that holds all known pixels of (H, W): the image without its padding."""
    (top, bottom), (left, right) = (np.flatnonzero(known.any(axis))[[0, -1]] for axis in (1, 0))
    return slice(top, bottom + 1), slice(left, right + 1)


def ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """numerator / denominator in float64, NaN where there is nothing to divide by."""
    numerator, denominator = numerator.double(), denominator.double()
    return torch.where(denominator > 0, numerator / denominator.clamp(min=1e-300), torch.nan)


def both_probabilities(logits: Tensor) -> Tensor:
    """One logit per pixel (N, 1, H, W) -> the probabilities of no and of yes (N, 2, H, W)."""
    return torch.cat([(-logits).sigmoid(), logits.sigmoid()], dim=1)


def both_shares(share: Tensor, valid: Tensor) -> Tensor:
    """The share of yes (N, 1, H, W) -> those of no and of yes (N, 2, H, W), both 0 where not ``valid`` (N, H, W): what
    is unknown is not taken for "no"."""
    return torch.cat([1 - share, share], dim=1) * valid[:, None]
