"""The contract of a task's loss: (sum, count) per image, so that batches and processes add up exactly."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.registry import LOSSES

# The forms in which `Task.loss_inputs` returns prediction and ground truth.
SPACES = {
    'values': 'real values (N, C, H, W)',
    'positive': 'positive values (N, 1, H, W); an untrained network may predict negative ones',
    'directions': 'unit vectors (N, 3, H, W)',
    'classes': 'class scores (N, K, H, W) and class indices (N, H, W), int64',
    'fractions': 'logits and fractions in [0, 1], both (N, 1, H, W)',
}


class Loss(ABC):
    """A loss between prediction and ground truth of N images, without parameters.

    Both come from `Task.loss_inputs`. They are finite at void pixels, where a loss must ignore them. Derive from
    `PixelLoss` or `ImageLoss` rather than from this class.
    """

    spaces: frozenset[str]
    """The forms of the inputs that the loss takes, keys of `SPACES`."""

    @abstractmethod
    def __call__(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the loss of N images.

        Args:
            prediction: In the form of the task's ``loss_space``, see `SPACES`.
            truth: Ground truth, in the same form.
            valid: bool (N, H, W), where there is ground truth.

        Returns:
            Sum of the loss over the valid pixels and number of valid pixels, both float32 (N,). For an image without
            valid pixels both are 0, and the sum is connected to the graph.
        """

    def check(self, space: str, channels: int) -> None:
        """Raise ValueError if the loss does not fit a task with ``channels`` logits and the loss space ``space``."""
        if space not in self.spaces:
            fitting = sorted(name for name, loss in LOSSES.module_dict.items() if space in loss.spaces)
            raise ValueError(
                f'{type(self).__name__} takes {" or ".join(sorted(self.spaces))}, not {space}; use '
                f'one of {", ".join(fitting)}'
            )


class PixelLoss(Loss):
    """A loss that is a sum over pixels."""

    @abstractmethod
    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        """Compute the loss of each pixel, (N, H, W); values and gradients at void pixels are dropped afterwards."""

    def __call__(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        error = self.error(prediction, truth, valid)
        total = torch.where(valid, error, error.new_zeros(())).flatten(1).sum(1)
        return total, count_pixels(valid)


class ImageLoss(Loss):
    """A loss of whole images that is not a mean over pixels.

    It is returned as (value * count, count), so that every reduction treats the value as the mean over the image.
    """

    @abstractmethod
    def value(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        """Compute the loss of each image, (N,); finite, with a finite gradient, even if no pixel is valid."""

    def __call__(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        count = count_pixels(valid)
        return self.value(prediction, truth, valid) * count, count


def count_pixels(valid: Tensor) -> Tensor:
    """Count the pixels of masks (N, H, W), float32 (N,)."""
    return valid.flatten(1).sum(1, dtype=torch.float32)


def build_loss(
    config: Mapping[str, Any] | Loss, default: Mapping[str, Any], name: str, space: str, channels: int
) -> Loss:
    """Build the loss of a task.

    Args:
        config: ``dict(type='SILog', ...)``, or only options, for the type of ``default``; or a built loss.
        default: Config of the task's default loss.
        name: The task's name, for messages.
        space: The task's ``loss_space``.
        channels: Number of channels of the task's logits.

    Raises:
        ConfigError: The loss is unknown, has no such option or does not fit the task.
    """
    if not isinstance(config, Mapping | Loss):
        raise ConfigError(f"tasks.{name}.loss: expected dict(type='...'), found {config!r}")
    try:
        loss = (
            config
            if isinstance(config, Loss)
            else LOSSES.build(dict(config) if 'type' in config else {**default, **config})
        )
        loss.check(space, channels)
    except (KeyError, TypeError, ValueError) as error:
        reason = ' '.join(str(error.args[0] if error.args else error).split())
        raise ConfigError(f'tasks.{name}.loss: {reason}') from None
    return loss
