"""The normalization of images that pretrained weights were trained with."""

from collections.abc import Sequence
from dataclasses import dataclass

TOLERANCE = 2e-3  # for colours in [0, 1]: published means are rounded, some to whole numbers out of 255


@dataclass(frozen=True)
class Colours:
    """Mean and standard deviation per channel of RGB colours in [0, 1], by which images are normalized."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str  # the weights that were trained with them

    def differ_from(self, mean: Sequence[float], std: Sequence[float]) -> bool:
        """Return whether `mean` and `std` differ from those of pretraining by more than the tolerance."""
        pairs = zip((*self.mean, *self.std), (*mean, *std), strict=True)
        return any(abs(expected - value) > TOLERANCE for expected, value in pairs)
