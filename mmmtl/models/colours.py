"""Which colours pretrained weights were trained with, and whether a model gives them their images like that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import nn

from mmmtl.errors import ConfigError
from mmmtl.models.data_preprocessor import ViewPreprocessor

TOLERANCE = 2e-3  # of 1: published means are rounded, or are whole numbers out of 255


@dataclass(frozen=True)
class Colours:
    """Mean and deviation per channel of RGB colours in [0, 1], by which images are normalised."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str  # the weights that were trained with them

    def differ_from(self, mean: Sequence[float], std: Sequence[float]) -> bool:
        """Whether images normalised by `mean` and `std` look different to the weights."""
        pairs = zip((*self.mean, *self.std), (*mean, *std), strict=True)
        return any(abs(wanted - given) > TOLERANCE for wanted, given in pairs)


@runtime_checkable
class WithColours(Protocol):
    """A part whose weights may have been trained with certain colours; None: with any."""

    colours: Colours | None


def check_colours(model: nn.Module, preprocessor: nn.Module) -> None:
    """Refuse a preprocessor that normalises otherwise than the pretrained parts of the model were trained.

    Raises:
        ConfigError: It does, with what to write instead.
    """
    for part in model.modules():
        if isinstance(part, WithColours) and part.colours is not None:
            check_normalisation(part.colours, preprocessor)


def check_normalisation(colours: Colours, preprocessor: nn.Module) -> None:
    """Refuse a preprocessor that normalises otherwise than by `colours`.

    A preprocessor of a type of its own answers for itself.

    Raises:
        ConfigError: It does, with what to write instead.
    """
    if not isinstance(preprocessor, ViewPreprocessor):
        return
    mean, std = preprocessor.mean_and_std
    if colours.differ_from(mean, std):
        raise ConfigError(
            f'model.data_preprocessor: {colours.source} was trained with colours of mean '
            f'{_text(colours.mean)} and std {_text(colours.std)}, found mean {_text(mean)} and std '
            f'{_text(std)}; set mean={_text(colours.mean)}, std={_text(colours.std)}'
        )


def _text(numbers: Sequence[float]) -> str:
    return f'({", ".join(f"{number:.4g}" for number in numbers)})'
