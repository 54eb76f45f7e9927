"""Images of noise."""

from pathlib import Path

import numpy as np
from PIL import Image


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def write(path: Path, image: np.ndarray) -> Path:
    Image.fromarray(image).save(path)
    return path
