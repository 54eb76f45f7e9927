"""Non-maximum suppression and morphological thinning of edge maps."""

import cv2
import numpy as np

# The eight neighbours, counter-clockwise from the east; a set neighbour k contributes bit k to the code of a pixel.
RING = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))  # (row, column)


def suppress_non_maxima(
    strength: np.ndarray, *, smoothing: int = 4, radius: int = 1, border: int = 5, multiplier: float = 1.01
) -> np.ndarray:
    """Keep edge strength on ridges and set it to 0 elsewhere.

    A pixel is kept if no value within ``radius`` on both sides, across the edge, exceeds ``multiplier`` times its own.
    The direction across the edge is that of the strongest curvature of the strength after a triangle filter. Strength
    fades to 0 towards the image border, where half of the neighbourhood is missing.

    Structured edge detection and SEISM read the direction from the same second derivatives by a cruder formula, which
    is exact for horizontal, vertical and diagonal edges and up to 12 degrees off in between; otherwise they are equal.

    Args:
        strength: (H, W).
        smoothing: Radius of the triangle filter in pixels.
        radius: Radius of the comparison in pixels.
        border: Width of the faded border in pixels.
        multiplier: Tolerance > 1 that keeps plateaus.

    Returns:
        float32 (H, W).
    """
    strength = np.ascontiguousarray(strength, np.float32)
    smooth = triangle_filter(strength, smoothing)
    along_y, along_x = slope(smooth, 0), slope(smooth, 1)
    yy, xy, xx = slope(along_y, 0), slope(along_y, 1), slope(along_x, 1)
    across = 0.5 * np.arctan2(2 * xy, xx - yy) + np.where(xx + yy < 0, np.pi / 2, 0)  # of the largest |curvature|
    step_x, step_y = np.cos(across).astype(np.float32), np.sin(across).astype(np.float32)
    y, x = np.mgrid[: strength.shape[0], : strength.shape[1]].astype(np.float32)
    ridge = np.ones(strength.shape, bool)
    for distance in (*range(-radius, 0), *range(1, radius + 1)):
        beside = cv2.remap(
            strength, x + distance * step_x, y + distance * step_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        ridge &= strength * multiplier >= beside
    return np.where(ridge, strength, 0) * border_fade(strength.shape, border)


def slope(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the differences between neighbours along an axis, as `numpy.gradient`; 0 for a single row or column."""
    return np.gradient(values, axis=axis) if values.shape[axis] > 1 else np.zeros_like(values)


def triangle_filter(values: np.ndarray, radius: int) -> np.ndarray:
    """Convolve with 1, 2, ... radius + 1 ... 2, 1 (normalized) along both axes, with reflected borders."""
    kernel = np.concatenate([np.arange(1, radius + 2), np.arange(radius, 0, -1)]).astype(np.float32)
    kernel /= kernel.sum()
    return cv2.sepFilter2D(values, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_REFLECT)


def border_fade(size: tuple[int, int], border: int) -> np.ndarray:
    """Return factors (H, W): the distance to the nearest side divided by ``border``, at most 1."""
    rows, columns = (np.minimum(np.arange(length), np.arange(length)[::-1]) for length in size)
    return (np.minimum(rows[:, None], columns) / max(border, 1)).clip(0 if border else 1, 1).astype(np.float32)


def thin(mask: np.ndarray, fixed: np.ndarray | None = None) -> np.ndarray:
    """Thin a mask to lines one pixel wide, like MATLAB's ``bwmorph(mask, 'thin', Inf)``.

    Guo and Hall, Parallel thinning with two-subiteration algorithms, CACM 1989. Pixels outside of the image count as
    not set. The result equals that of `skimage.morphology.thin` in a tenth of its time: two table look-ups per pass.

    Args:
        mask: bool (H, W).
        fixed: bool (H, W), pixels of the mask that are kept in any case; none if None.

    Returns:
        bool (H, W).
    """
    line: np.ndarray = np.ascontiguousarray(mask, np.uint8)
    kept = np.zeros_like(line) if fixed is None else np.asarray(fixed, np.uint8)
    while True:
        before = line
        for keep in KEEP:
            code = cv2.filter2D(line, cv2.CV_8U, RING_WEIGHTS, borderType=cv2.BORDER_CONSTANT)
            line = np.bitwise_and(line, np.bitwise_or(cv2.LUT(code, keep), kept))
        if np.array_equal(line, before):
            return line.astype(bool)


def keep_tables() -> tuple[np.ndarray, np.ndarray]:
    """Return, for both subiterations, a table (256,) that is 1 for the neighbourhoods whose centre is kept."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1  # (256, 8): which neighbours are set
    n = [bits[:, k % 8].astype(bool) for k in range(10)]
    # the paper's C(P), the number of connected components of the neighbours, and its N1, N2 and N(P)
    components = sum((~n[k] & (n[k + 1] | n[k + 2])).astype(int) for k in (0, 2, 4, 6))
    pairs_even = sum((n[k] | n[k + 1]).astype(int) for k in (0, 2, 4, 6))
    pairs_odd = sum((n[k + 1] | n[k + 2]).astype(int) for k in (0, 2, 4, 6))
    num_neighbours = np.minimum(pairs_even, pairs_odd)
    removable = (components == 1) & (num_neighbours >= 2) & (num_neighbours <= 3)
    removed_first = removable & ~((n[1] | n[2] | ~n[7]) & n[0])
    removed_second = removable & ~((n[5] | n[6] | ~n[3]) & n[4])
    return (~removed_first).astype(np.uint8), (~removed_second).astype(np.uint8)


def ring_weights() -> np.ndarray:
    """Return the power of two of each neighbour, (3, 3)."""
    weights = np.zeros((3, 3), np.float32)
    for bit, (row, column) in enumerate(RING):
        weights[row + 1, column + 1] = 2**bit
    return weights


KEEP = keep_tables()
RING_WEIGHTS = ring_weights()
