"""Command-line options for the camera: its field of view or intrinsics, and a note for networks that ignore it."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

    from mmmtl.predictions.prediction_run import CameraFunction


class _Inferencer(Protocol):
    trained_for: Any


def add_camera(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add ``--field-of-view`` and ``--intrinsics``, of which a command takes one."""
    group = parser.add_mutually_exclusive_group(required=required)
    group.add_argument('--field-of-view', type=float, metavar='DEGREES', help='horizontal field of view of the camera')
    group.add_argument(
        '--intrinsics',
        nargs='+',
        metavar='CAMERA',
        help='intrinsics of the camera of all images, in pixels of the images: four numbers FX FY CX CY, or a text '
        'file with a 3 x 3 matrix',
    )


def image_camera(args: argparse.Namespace) -> 'CameraFunction | None':
    """Return the camera that the options state, or None.

    Raises:
        ConfigError: The field of view is not between 0 and 180 degrees, or the intrinsics are neither four numbers nor
            a file.
        DataError: The file of intrinsics holds something else.
    """
    if args.field_of_view is not None:
        camera_of_field_of_view(args.field_of_view, (1, 1))
        return lambda size: camera_of_field_of_view(args.field_of_view, size)
    if args.intrinsics is None:
        return None
    matrix = intrinsics_matrix(args.intrinsics)
    return lambda _: matrix


def intrinsics_matrix(values: Sequence[str]) -> 'np.ndarray':
    """Return the intrinsics (3, 3), in pixels, that ``--intrinsics`` states as four numbers or as a text file.

    Raises:
        ConfigError: It is neither.
        DataError: The file holds something else.
    """
    import numpy as np

    from mmmtl.errors import ConfigError
    from mmmtl.files.text_files import read_intrinsics_file

    if len(values) == 1 and Path(values[0]).is_file():
        return read_intrinsics_file(Path(values[0]))
    try:
        fx, fy, cx, cy = map(float, values)
    except ValueError:
        raise ConfigError(
            f'--intrinsics {" ".join(values)}: expected four numbers FX FY CX CY, or a text file with a 3 x 3 matrix'
        ) from None
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])


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
