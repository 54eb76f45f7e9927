"""Resizing of label maps (H, W) or (H, W, C) to other sizes (H, W): by the nearest pixel, or so that lines survive."""

import cv2
import numpy as np

from mmmtl.tasks.thinning import thin

BEYOND = 3  # pixels by which lines go on, mirrored, outside of the map, so that thinning shortens none at its rim


def resize_nearest(label: np.ndarray, size: tuple[int, int], void: float = 0) -> np.ndarray:
    """The value of the pixel under the centre of each new pixel."""
    return by_opencv(label, size, cv2.INTER_NEAREST_EXACT)


def resize_bilinear(label: np.ndarray, size: tuple[int, int], void: float = 0) -> np.ndarray:
    """Values mixed from the nearest four: for tasks without void pixels only."""
    return by_opencv(label, size, cv2.INTER_LINEAR)


def resize_lines(label: np.ndarray, size: tuple[int, int], void: float) -> np.ndarray:
    """Resize lines of strength > 0 on 0, each channel by itself, so that they stay connected at any scale.

    A new pixel takes the largest value of the pixels whose centres lie in it or on its rim; where the map is enlarged,
    that of the nearest one. Lines one pixel wide, which this makes broader in places, are thinned to one pixel again.
    What is broader in the map, in full blocks of 2 x 2 pixels, keeps its width in proportion: hand-drawn strokes, and
    maps of shares, in which the lines of several annotators lie side by side.

    A new pixel without a line is void if its centre falls on a void pixel.
    """
    if label.ndim == 3:
        return np.stack([resize_lines(label[..., channel], size, void) for channel in range(label.shape[2])], -1)
    rows, columns = (nearest(old, new) for old, new in zip(label.shape, size, strict=True))
    strength = np.where(label == void, 0, label)
    empty = label.take(rows, 0).take(columns, 1)
    empty[empty != void] = 0
    if not strength.any():
        return empty
    largest = np.ascontiguousarray(largest_per_row(largest_per_row(strength, size[0]).T, size[1]).T)
    broad = full_blocks(strength > 0).take(rows, 0).take(columns, 1)
    whole, broad = (np.pad(mask, BEYOND, mode='reflect') for mask in (largest > 0, broad))
    lines = thin(whole, fixed=broad)[BEYOND:-BEYOND, BEYOND:-BEYOND]
    return np.where(lines, largest, empty)


def resize_points(label: np.ndarray, size: tuple[int, int], void: float) -> np.ndarray:
    """Resize depth (H, W) known at scattered points only, as if the points had been projected into the new size.

    Of several in one pixel the nearest to the camera counts. Where the map is enlarged, the nearest pixel does.
    """
    closeness = np.where(label == void, -np.inf, -label)
    closest = largest_per_row(largest_per_row(closeness, size[0]).T, size[1]).T
    return np.where(np.isfinite(closest), -closest, void).astype(label.dtype)


def largest_per_row(values: np.ndarray, rows: int) -> np.ndarray:
    """Values (H, W) -> (rows, W), the largest of the rows whose centres fall into a new row."""
    first, last = span(len(values), rows)
    largest = values[first]
    for step in range(1, (last - first).max() + 1):
        np.maximum(largest, values[np.minimum(first + step, last)], out=largest)
    return largest


def span(length: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """For ``count`` cells along an axis of ``length`` pixels, the first and the last pixel whose centre falls into it.

    A centre on the border of two cells belongs to both, so the cells mirror with the image. Where the axis is enlarged,
    it is the nearest pixel instead.
    """
    if count >= length:
        return nearest(length, count), nearest(length, count)
    cell = np.arange(count)  # centre y + 1/2 lies in [cell, cell + 1] * length / count; in whole numbers, for exactness
    return -((count - 2 * length * cell) // (2 * count)), (2 * length * (cell + 1) - count) // (2 * count)


def nearest(length: int, count: int) -> np.ndarray:
    """The pixel under the centre of each of ``count`` cells along an axis of ``length`` pixels."""
    return (2 * np.arange(count) + 1) * length // (2 * count)


def full_blocks(mask: np.ndarray) -> np.ndarray:
    """The pixels of a bool mask (H, W) that belong to a full block of 2 x 2."""
    block, outside = np.ones((2, 2), np.uint8), dict(borderType=cv2.BORDER_CONSTANT, borderValue=0)
    corners = cv2.erode(mask.astype(np.uint8), block, anchor=(0, 0), **outside)  # the upper left pixel of each block
    return cv2.dilate(corners, block, anchor=(1, 1), **outside) > 0


def by_opencv(label: np.ndarray, size: tuple[int, int], flag: int) -> np.ndarray:
    """OpenCV resizes no int64, so classes travel as int32."""
    carried = label.astype(np.int32) if label.dtype.kind in 'iu' else label
    return cv2.resize(carried, size[::-1], interpolation=flag).astype(label.dtype)


INTERPOLATIONS = {
    'nearest': resize_nearest,
    'bilinear': resize_bilinear,
    'lines': resize_lines,
    'points': resize_points,
}
