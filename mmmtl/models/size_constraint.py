"""The image sizes that a part of a model can work with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from mmmtl.errors import ConfigError, DataError


@dataclass(frozen=True)
class SizeConstraint:
    """Heights and widths that a part accepts.

    The model pads images to a multiple, and crops the logits back. It does not guess how to reach a fixed size.

    Args:
        multiple: Height and width must be multiples of it.
        fixed: The only accepted (H, W); None for any.
    """

    multiple: int = 1
    fixed: tuple[int, int] | None = None

    @classmethod
    def joint(cls, constraints: Mapping[str, SizeConstraint]) -> SizeConstraint:
        """Combine the constraints of several parts, by the name of the part.

        Raises:
            ConfigError: No size satisfies all of them.
        """
        multiple = math.lcm(*(constraint.multiple for constraint in constraints.values()))
        sizes = {name: constraint.fixed for name, constraint in constraints.items() if constraint.fixed is not None}
        if len(set(sizes.values())) > 1:
            raise ConfigError(
                f'model: {" and ".join(f"{name} takes images of {_text(size)} only" for name, size in sizes.items())}; '
                'build them for one size'
            )
        fixed = next(iter(sizes.values()), None)
        if fixed is not None and any(length % multiple for length in fixed):
            raise ConfigError(
                f'model.{next(iter(sizes))} takes images of {_text(fixed)} only, but other parts need multiples of '
                f'{multiple}; build it for such a size'
            )
        return cls(multiple, fixed)

    def pad(self, images: Tensor) -> Tensor:
        """Pad normalized images (N, 3, H, W) at the right and at the bottom, with 0, the mean colour.

        Raises:
            DataError: The images do not have the fixed size.
        """
        height, width = images.shape[-2:]
        if self.fixed is not None and (height, width) != self.fixed:
            raise DataError(
                f'the network takes images of {_text(self.fixed)} only, found {_text((height, width))}; use Resize in '
                'the pipeline, or ResizedInput as backbone'
            )
        down, right = -height % self.multiple, -width % self.multiple
        return F.pad(images, (0, right, 0, down)) if down or right else images


def _text(size: tuple[int, int]) -> str:
    return f'{size[0]} x {size[1]}'
