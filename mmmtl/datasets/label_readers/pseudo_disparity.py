"""Read and write pseudo disparities and their confidences; see `mmmtl.datasets.label_readers.pseudo_labels`."""

from pathlib import Path

import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.reading import read_array

DISPARITY_SCALE, CONFIDENCE_SCALE = 256.0, 65535.0
MAX_DISPARITY = 256  # pixels; 16-bit images hold smaller values only


def read_pseudo_disparity(path: Path) -> np.ndarray:
    """Read a disparity (H, W) float32 in pixels, NaN where unknown.

    Raises:
        DataError: The file is missing, or is not a 16-bit image of one channel.
    """
    raw = _read(path, np.uint16)
    return np.where(raw > 0, raw / np.float32(DISPARITY_SCALE), np.float32(np.nan))


def read_confidence(path: Path) -> np.ndarray:
    """Read a confidence (H, W) float32 in [0, 1].

    Raises:
        DataError: The file is missing, or is not a 16-bit image of one channel.
    """
    return _read(path, np.uint16) / np.float32(CONFIDENCE_SCALE)


def encode_disparity(disparity: np.ndarray) -> np.ndarray:
    """Encode disparities in pixels as uint16; NaN and values outside of (0, 256) become unknown."""
    with np.errstate(invalid='ignore'):
        fits = (disparity > 0) & (disparity < 65535 / DISPARITY_SCALE)
    return np.where(fits, np.where(fits, disparity, 0) * DISPARITY_SCALE, 0).round().astype(np.uint16)


def encode_confidence(confidence: np.ndarray) -> np.ndarray:
    """Encode confidences in [0, 1] as uint16."""
    return (confidence.clip(0, 1) * CONFIDENCE_SCALE).round().astype(np.uint16)


def _read(path: Path, dtype: type) -> np.ndarray:
    if not path.is_file():
        raise DataError(f'{path}: no such pseudo label; create it with mmmtl pseudo-disparity')
    raw = read_array(path)
    if raw.ndim != 2 or raw.dtype not in (dtype, np.int32):  # Pillow may open 16 bits as 32
        raise DataError(
            f'{path}: expected a 16-bit image of one channel, found {raw.shape} {raw.dtype}; write it again'
        )
    return raw
