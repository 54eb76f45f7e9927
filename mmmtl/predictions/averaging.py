"""Average the predictions of a network over flips, scales and overlapping windows."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmmtl.datasets.transforms.geometric import resize
from mmmtl.errors import ConfigError
from mmmtl.models.original_size import final_map
from mmmtl.predictions.window_grid import window_positions, window_weight
from mmmtl.tasks import Task

Shape = tuple[int, int]
Network = Callable[[Sequence[np.ndarray]], Mapping[str, Tensor]]

WINDOWS_AT_ONCE = 8


@dataclass(frozen=True)
class Averaging:
    """The predictions of an image that are averaged; by default there is a single one.

    The mean is that of `mmmtl.tasks.Task.to_mean_space`: probabilities and edges are averaged as they are, normals as
    vectors, whose mean is normalized, and depth as its logarithm. Predictions are corrected for the scale (depth)
    and for the flip (normals, left and right body parts) beforehand.

    Args:
        flip: Add the prediction of the mirrored image.
        scales: Scales relative to the size that the network is trained for.
        window_tasks: Tasks that are predicted in windows of the training size, at a higher resolution. Windows
            overlap by a half; their weights fall to nearly 0 at their borders. This shows finer details, but each
            window without its surroundings: edges gain, while depth and classes of large objects may lose.
        window_scale: Resolution for windows, relative to the training size. No image is enlarged for it.

    Raises:
        ConfigError: A scale is not between 0.1 and 10, or ``window_scale`` is below 1.
    """

    flip: bool = False
    scales: tuple[float, ...] = (1.0,)
    window_tasks: tuple[str, ...] = ()
    window_scale: float = 2.0

    def __post_init__(self) -> None:
        if not self.scales or not all(0.1 <= scale <= 10 for scale in self.scales):
            raise ConfigError(f'scales must be numbers between 0.1 and 10, found {self.scales}')
        if not 1 <= self.window_scale < math.inf:
            raise ConfigError(f'window_scale must be at least 1, the training resolution, found {self.window_scale}')

    @property
    def is_single(self) -> bool:
        """Whether there is a single prediction, of the whole image, so that nothing is averaged."""
        return not self.flip and tuple(self.scales) == (1.0,) and not self.window_tasks

    def check(self, tasks: Mapping[str, Task], size: Shape | None) -> None:
        """Check that a network can be averaged like this.

        Args:
            tasks: Tasks of the network.
            size: Size (H, W) that images are resized to; None if they keep their own.

        Raises:
            ConfigError: There is no such task, or no size for the windows.
        """
        unknown = [name for name in self.window_tasks if name not in tasks]
        if unknown:
            raise ConfigError(f'window_tasks: no task {unknown[0]!r}; the network predicts {", ".join(tasks)}')
        if self.window_tasks and size is None:
            raise ConfigError('window_tasks: windows have the size that images are resized to, but size is None')


@dataclass(frozen=True)
class AveragedPrediction:
    """The averaged prediction of one image.

    Args:
        network: Maps B images (h, w, 3) uint8 RGB of one size to logits ``{task: (B, channels, h, w)}``.
        tasks: Tasks of the network.
        averaging: Options of the averaging.
    """

    network: Network
    tasks: Mapping[str, Task]
    averaging: Averaging

    def __call__(self, image: np.ndarray, shape: Shape, magnification: float) -> dict[str, Tensor]:
        """Predict the maps of an image, ``{task: (target_channels, H, W)}`` at its original size.

        Args:
            image: (H, W, 3) uint8 RGB.
            shape: Size (h, w) of the input of the network for the whole image.
            magnification: Factor by which objects appear larger at this size than in training.
        """
        original_size = image.shape[:2]
        factor = min(self.averaging.window_scale, max(1.0, original_size[0] / shape[0]))
        windowed = {name: task for name, task in self.tasks.items() if name in self.averaging.window_tasks}
        unwindowed = {name: task for name, task in self.tasks.items() if name not in windowed}
        means: dict[str, Tensor] = {}
        for tasks, scale in ((unwindowed, 1.0), (windowed, factor)):
            if tasks:
                means |= self._mean(tasks, image, shape, scale, magnification)
        return {
            name: final_map(task, task.to_logits(task.from_mean_space(means[name])), original_size)
            for name, task in self.tasks.items()
        }

    def _mean(
        self, tasks: Mapping[str, Task], image: np.ndarray, window: Shape, factor: float, magnification: float
    ) -> dict[str, Tensor]:
        """Return the mean over scales and flips, (1, C, h, w) in the space of averages."""
        size = scaled(window, factor)
        means: dict[str, Tensor] = {}
        runs = [(scale, flip) for scale in self.averaging.scales for flip in (False, True)[: 1 + self.averaging.flip]]
        for scale, flip in runs:
            pixels = resized(image, scaled(window, factor * scale))
            pixels = np.ascontiguousarray(pixels[:, ::-1]) if flip else pixels
            part = window if factor > 1 else scaled(window, scale)
            for name, values in self._blend(tasks, pixels, part, magnification * factor * scale).items():
                if flip:
                    values = tasks[name].to_mean_space(
                        tasks[name].hflip_values(tasks[name].from_mean_space(values).flip(-1))
                    )
                if values.shape[2:] != size:
                    values = F.interpolate(values, size, mode='bilinear', antialias=True)
                means[name] = means[name] + values / len(runs) if name in means else values / len(runs)
        return means

    def _blend(
        self, tasks: Mapping[str, Task], pixels: np.ndarray, window: Shape, magnification: float
    ) -> dict[str, Tensor]:
        """Return the blended predictions of the windows of an image, (1, C, h, w) in the space of averages."""
        shape = pixels.shape[:2]
        window = min(window[0], shape[0]), min(window[1], shape[1])
        positions = window_positions(shape, window)
        weight, total = window_weight(window), torch.zeros(1, 1, *shape)
        sums: dict[str, Tensor] = {}
        for start in range(0, len(positions), WINDOWS_AT_ONCE):
            slices = [
                (slice(top, top + window[0]), slice(left, left + window[1]))
                for top, left in positions[start : start + WINDOWS_AT_ONCE]
            ]
            logits = self.network([pixels[rows, columns] for rows, columns in slices])
            for name, task in tasks.items():
                zoom: Callable[[Tensor, float], Tensor] = cast(Any, task.zoom)  # which takes arrays and tensors
                values = zoom(task.activate(logits[name]), 1 / magnification)
                for (rows, columns), value in zip(slices, task.to_mean_space(values), strict=True):
                    sums.setdefault(name, value.new_zeros(1, len(value), *shape))[:, :, rows, columns] += (
                        weight.to(value) * value
                    )
            for rows, columns in slices:
                total[:, :, rows, columns] += weight
        return {name: values / total.to(values) for name, values in sums.items()}


def scaled(shape: Shape, scale: float) -> Shape:
    """Return ``shape`` times ``scale``, at least 1 x 1."""
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resized(image: np.ndarray, shape: Shape) -> np.ndarray:
    """Resize an image as the data pipeline does."""
    view: dict[str, Any] = {'image': image, 'labels': {}}
    resize(view, shape, {})
    return view['image']
