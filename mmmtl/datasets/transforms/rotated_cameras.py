"""Intrinsics of images with an EXIF rotation.

A file does not state whether its intrinsics belong to the stored or the rotated image.
"""

import numpy as np

# EXIF orientation -> 2 x 2 matrix from the axes of the stored to those of the rotated image (x right, y down)
AXES = {
    1: ((1, 0), (0, 1)),
    2: ((-1, 0), (0, 1)),
    3: ((-1, 0), (0, -1)),
    4: ((1, 0), (0, -1)),
    5: ((0, 1), (1, 0)),
    6: ((0, -1), (1, 0)),
    7: ((0, -1), (-1, 0)),
    8: ((0, 1), (-1, 0)),
}


def rotated_intrinsics(intrinsics: np.ndarray, orientation: int, size: tuple[int, int]) -> np.ndarray:
    """Convert intrinsics of the stored image to those of the rotated image.

    The camera axes rotate with the image, so focal lengths stay positive.

    Args:
        intrinsics: (3, 3) in pixels of the stored image.
        orientation: EXIF orientation, 1..8.
        size: (H, W) of the rotated image.

    Returns:
        (3, 3) in pixels of the rotated image.
    """
    axes = np.eye(3)
    axes[:2, :2] = AXES[orientation]
    raster = axes.copy()
    raster[:2, 2] = np.where(axes[:2, :2].sum(1) < 0, size[::-1], 0)
    return raster @ intrinsics @ axes.T


def is_rotation_invariant(intrinsics: np.ndarray, orientation: int, size: tuple[int, int]) -> bool:
    """Return whether rotating the image leaves the intrinsics unchanged, to 0.001 pixels; see `rotated_intrinsics`."""
    if orientation == 1:
        return True
    return np.allclose(rotated_intrinsics(intrinsics, orientation, size), intrinsics, rtol=0, atol=1e-3)
