"""The contract of a task's loss: (sum, count) of every image, so that images and processes add up exactly."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mmmtl.errors import ConfigError
from mmmtl.registry import LOSSES

# In what terms a task states its prediction and its label before a loss compares them.
SPACES = {
    'values': 'real values (N, C, H, W)',
    'positive': 'positive values (N, 1, H, W), up to an untrained network',
    'directions': 'unit vectors (N, 3, H, W)',
    'classes': 'class scores (N, K, H, W) and class indices (N, H, W), int64',
    'fractions': 'logits and fractions in [0, 1], both (N, 1, H, W)',
}


class Loss(ABC):
    """Compares a prediction with a label, image by image.

    The task has stated both in the same terms (`SPACES`) and has put 0 for the logits of void pixels, so both are
    finite there; whatever they are, a loss counts ``valid`` pixels alone. It has no parameters.
    """

    spaces: frozenset[str]  # the terms that it understands, keys of `SPACES`

    @abstractmethod
    def __call__(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Compare N images.

        Args:
            prediction, truth: In the terms of the task's ``loss_space``.
            valid: bool (N, H, W), where the label is known.

        Returns:
            Sum of the loss and number of valid pixels, both float32 (N,); 0, connected to the graph, for an image
            without a valid pixel. `mmmtl.models.loss_reduction` makes one number of them.
        """

    def check(self, space: str, channels: int) -> None:
        """Raise ValueError where the loss does not fit a task of ``channels`` logits, stated in the terms ``space``."""
        if space not in self.spaces:
            fitting = sorted(name for name, loss in LOSSES.module_dict.items() if space in loss.spaces)
            raise ValueError(
                f'{type(self).__name__} compares {" or ".join(sorted(self.spaces))}, not {space}; take '
                f'one of {", ".join(fitting)}'
            )


class PixelLoss(Loss):
    """A number for every pixel, summed over the valid ones."""

    @abstractmethod
    def error(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        """(N, H, W); what it is where not ``valid`` is dropped, its gradient as well."""

    def __call__(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        error = self.error(prediction, truth, valid)
        total = torch.where(valid, error, error.new_zeros(())).flatten(1).sum(1)
        return total, pixels(valid)


class ImageLoss(Loss):
    """One number for every image, which is no mean over its pixels.

    It is handed on as (number x count, count), so that every reduction treats it as the mean of the image.
    """

    @abstractmethod
    def value(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
        """(N,), finite and with a finite gradient even where no pixel is valid."""

    def __call__(self, prediction: Tensor, truth: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        count = pixels(valid)
        return self.value(prediction, truth, valid) * count, count


def pixels(valid: Tensor) -> Tensor:
    """bool (N, H, W) -> how many, float32 (N,)."""
    return valid.flatten(1).sum(1, dtype=torch.float32)


def build_loss(
    config: Mapping[str, Any] | Loss, default: Mapping[str, Any], name: str, space: str, channels: int
) -> Loss:
    """The loss of the task ``name``: ``dict(type='SILog', ...)``, or options alone for the type of ``default``.

    Raises:
        ConfigError: It is unknown, takes no such option or does not fit the task.
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
