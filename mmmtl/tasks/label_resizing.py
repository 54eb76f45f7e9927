"""Resizing of labels (H, W) or (H, W, C): nearest, bilinear, and methods for thin lines and sparse points."""

import cv2
import numpy as np

from mmmtl.tasks.thinning import thin

PADDING = 3  # pixels of reflected padding, so that thinning does not shorten lines at the border


def resize_nearest(label: np.ndarray, size: tuple[int, int], void: float = 0) -> np.ndarray:
    """Resize by the value of the pixel under the centre of each new pixel."""
    return resize_with_opencv(label, size, cv2.INTER_NEAREST_EXACT)


def resize_bilinear(label: np.ndarray, size: tuple[int, int], void: float = 0) -> np.ndarray:
    """Resize with bilinear interpolation, which mixes void with values: only for tasks without void pixels."""
    return resize_with_opencv(label, size, cv2.INTER_LINEAR)


def resize_lines(label: np.ndarray, size: tuple[int, int], void: float) -> np.ndarray:
    """Resize lines (values > 0 on a background of 0) so that they stay connected at any scale; each channel separately.

    A new pixel takes the maximum of the pixels whose centres lie in it or on its border or, where the map is enlarged,
    the value of the nearest pixel. This broadens lines one pixel wide in places; they are thinned to one pixel again.
    Lines that contain full blocks of 2 x 2 pixels keep their relative width: hand-drawn strokes, and the adjacent lines
    of several annotators.

    A new pixel without a line is void if its centre falls on a void pixel.
    """
    if label.ndim == 3:
        return np.stack([resize_lines(label[..., channel], size, void) for channel in range(label.shape[2])], -1)
    rows, columns = (nearest_indices(old, new) for old, new in zip(label.shape, size, strict=True))
    strength = np.where(label == void, 0, label)
    empty = label.take(rows, 0).take(columns, 1)
    empty[empty != void] = 0
    if not strength.any():
        return empty
    largest = np.ascontiguousarray(largest_per_row(largest_per_row(strength, size[0]).T, size[1]).T)
    broad = full_blocks(strength > 0).take(rows, 0).take(columns, 1)
    padded, broad = (np.pad(mask, PADDING, mode='reflect') for mask in (largest > 0, broad))
    lines = thin(padded, fixed=broad)[PADDING:-PADDING, PADDING:-PADDING]
    return np.where(lines, largest, empty)


def resize_points(label: np.ndarray, size: tuple[int, int], void: float) -> np.ndarray:
    """Resize sparse depth (H, W) as if its points had been projected to the new size.

    Of several points in a new pixel, the one closest to the camera counts. Where the map is enlarged, a new pixel takes
    the value of the nearest pixel.
    """
    closeness = np.where(label == void, -np.inf, -label)
    closest = largest_per_row(largest_per_row(closeness, size[0]).T, size[1]).T
    return np.where(np.isfinite(closest), -closest, void).astype(label.dtype)


def largest_per_row(values: np.ndarray, rows: int) -> np.ndarray:
    """Return the maximum of the rows whose centres lie in each new row, (H, W) to (rows, W)."""
    first, last = index_ranges(len(values), rows)
    largest = values[first]
    for step in range(1, (last - first).max() + 1):
        np.maximum(largest, values[np.minimum(first + step, last)], out=largest)
    return largest


def index_ranges(length: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return, for ``count`` new pixels along an axis of ``length`` pixels, the first and last pixel centred in each.

    A centre on the border of two new pixels belongs to both, so the ranges are symmetric under a flip. Where the axis
    is enlarged, both indices are that of the nearest pixel.
    """
    if count >= length:
        return nearest_indices(length, count), nearest_indices(length, count)
    new = np.arange(count)  # y + 1/2 lies in [new, new + 1] * length / count; in integers, to be exact
    return -((count - 2 * length * new) // (2 * count)), (2 * length * (new + 1) - count) // (2 * count)


def nearest_indices(length: int, count: int) -> np.ndarray:
    """Return the pixel under the centre of each of ``count`` new pixels along an axis of ``length`` pixels."""
    return (2 * np.arange(count) + 1) * length // (2 * count)


def full_blocks(mask: np.ndarray) -> np.ndarray:
    """Return the pixels of a mask (H, W) that belong to a full block of 2 x 2 pixels."""
    padded = np.pad(mask, 1)
    block = padded[:-1, :-1] & padded[:-1, 1:] & padded[1:, :-1] & padded[1:, 1:]  # (H + 1, W + 1), of bool
    return block[:-1, :-1] | block[:-1, 1:] | block[1:, :-1] | block[1:, 1:]


def resize_with_opencv(label: np.ndarray, size: tuple[int, int], flag: int) -> np.ndarray:
    """Resize with OpenCV, which does not take int64: integers are converted to int32 and back where necessary."""
    copied = flag == cv2.INTER_NEAREST_EXACT and label.dtype in (np.uint8, np.int16, np.uint16)  # no arithmetic
    converted = label.astype(np.int32) if label.dtype.kind in 'iu' and not copied else label
    return cv2.resize(converted, size[::-1], interpolation=flag).astype(label.dtype, copy=False)


INTERPOLATIONS = {
    'nearest': resize_nearest,
    'bilinear': resize_bilinear,
    'lines': resize_lines,
    'points': resize_points,
}
