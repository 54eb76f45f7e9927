"""Check that a model normalises its images as its pretrained weights expect."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.models.data_preprocessor import ViewPreprocessor

TOLERANCE = 2e-3  # for colours in [0, 1]: published means are rounded, some to integers in [0, 255]


@dataclass(frozen=True)
class Colours:
    """Mean and standard deviation per channel, for RGB in [0, 1], that images were normalised with in pretraining."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str  # name of the pretrained weights, for messages

    def differ_from(self, mean: Sequence[float], std: Sequence[float]) -> bool:
        """Return whether `mean` and `std` differ from those of pretraining by more than the tolerance."""
        pairs = zip((*self.mean, *self.std), (*mean, *std), strict=True)
        return any(abs(expected - given) > TOLERANCE for expected, given in pairs)


@runtime_checkable
class WithColours(Protocol):
    """A module whose weights may have been pretrained with a certain normalization; None for no requirement."""

    colours: Colours | None


def check_colours(model: nn.Module, preprocessor: nn.Module) -> None:
    """Check that the preprocessor normalises images with the mean and std that the model was pretrained with.

    Only a `ViewPreprocessor` is checked.

    Raises:
        ConfigError: Mean or std differ; the message gives the values to set.
    """
    if not isinstance(preprocessor, ViewPreprocessor):
        return
    mean, std = preprocessor.mean_and_std
    for part in model.modules():
        if isinstance(part, WithColours) and part.colours is not None and part.colours.differ_from(mean, std):
            raise ConfigError(
                f'model.data_preprocessor: {part.colours.source} was trained with colours of mean '
                f'{_text(part.colours.mean)} and std {_text(part.colours.std)}, found mean {_text(mean)} and std '
                f'{_text(std)}; set mean={_text(part.colours.mean)}, std={_text(part.colours.std)}'
            )


def _text(numbers: Sequence[float]) -> str:
    return f'({", ".join(f"{number:.4g}" for number in numbers)})'
