"""Apply elementwise functions to 8- and 16-bit images by looking up each value in a table."""

from collections.abc import Callable

import cv2
import numpy as np


def map_values(convert: Callable[[np.ndarray], np.ndarray], raw: np.ndarray) -> np.ndarray:
    """Return ``convert(raw)`` for a function that maps each value of an array independently of all others.

    If the array has more elements than its type has values, ``convert`` is called once with all values of the type, and
    the results are looked up; they are the same.

    Args:
        convert: Elementwise function; it also takes an array (256,) or (65536,).
        raw: Array of any shape and type.
    """
    if raw.dtype not in (np.uint8, np.uint16) or raw.size <= np.iinfo(raw.dtype).max:
        return convert(raw)
    table = convert(np.arange(np.iinfo(raw.dtype).max + 1, dtype=raw.dtype))
    if raw.dtype == np.uint8 and table.dtype in (np.uint8, np.float32):
        rows = raw.reshape(len(raw), -1)
        return cv2.LUT(rows, table[None]).reshape(raw.shape)  # several times as fast
    return table.take(raw)
