"""Command-line options for the camera: the field of view, and a note for networks that ignore it."""

import argparse
import sys
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np


class _Inferencer(Protocol):
    trained_for: Any


def add_field_of_view(group: argparse._ActionsContainer) -> None:
    """Add ``--field-of-view``."""
    group.add_argument('--field-of-view', type=float, metavar='DEGREES', help='horizontal field of view of the camera')


def camera_of_field_of_view(degrees: float, size: tuple[int, int]) -> 'np.ndarray':
    """Return the intrinsics (3, 3), in pixels, of an image of ``size`` (H, W) with a horizontal field of view.

    Raises:
        ConfigError: The field of view is not between 0 and 180 degrees.
    """
    from mmmtl.errors import ConfigError
    from mmmtl.geometry import intrinsics_of_field_of_view

    try:
        return intrinsics_of_field_of_view(degrees, size)
    except ValueError as error:
        raise ConfigError(f'--field-of-view: {error}') from None


def corrects_depth(infer: _Inferencer, model: str) -> bool:
    """Return whether a network corrects its depth for the camera; print a note if not."""
    known = infer.trained_for.get('field_of_view') is not None
    if not known:
        print(f'{model} has no trained_for.field_of_view, so depth is not corrected for the camera', file=sys.stderr)
    return known
