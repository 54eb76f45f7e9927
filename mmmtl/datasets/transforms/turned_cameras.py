"""Whether a camera fits an image that EXIF turns: its file does not tell of which of the two rasters it speaks."""

import numpy as np

# Where the axes of the stored raster (x right, y down) come to lie in the one that a viewer shows, by orientation.
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


def turned_intrinsics(intrinsics: np.ndarray, orientation: int, size: tuple[int, int]) -> np.ndarray:
    """Intrinsics (3, 3) of the stored raster -> of the one that a viewer shows, whose ``size`` is (H, W).

    Camera axes turn with the raster, so that focal lengths stay positive.
    """
    axes = np.eye(3)
    axes[:2, :2] = AXES[orientation]
    raster = axes.copy()
    raster[:2, 2] = np.where(axes[:2, :2].sum(1) < 0, size[::-1], 0)
    return raster @ intrinsics @ axes.T


def fits_both(intrinsics: np.ndarray, orientation: int, size: tuple[int, int]) -> bool:
    """The camera is the same before and after, to a thousandth of a pixel."""
    return np.allclose(turned_intrinsics(intrinsics, orientation, size), intrinsics, rtol=0, atol=1e-3)
