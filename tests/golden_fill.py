"""Fill parameters and inputs of the golden values from seeds derived from names."""

import json
import zlib
from pathlib import Path

import numpy as np
import torch

GOLDEN = Path(__file__).parent / 'golden'


def noise(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal float32 numbers that belong to `name`."""
    return np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape).astype(np.float32)


def fill(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """A reference model's parameter or buffer `key`: He for weights, 1 +- 0.1 for scales, +- 0.1 for the rest."""
    if key.endswith('num_batches_tracked'):
        return np.zeros(shape, np.int64)
    numbers = noise(key, shape)
    is_weight = key.endswith('weight')
    if key.endswith('running_var'):
        return 0.5 + 0.5 * np.abs(numbers)
    if key.endswith('gamma') or (is_weight and len(shape) == 1):
        return 1 + 0.1 * numbers
    if is_weight and len(shape) > 1:
        return numbers * np.float32(np.sqrt(2 / np.prod(shape[1:])))
    return 0.1 * numbers


def published_weights(file: str) -> dict[str, torch.Tensor]:
    """All parameters and buffers of a reference model, whose keys and shapes are in ``golden/FILE``."""
    content = json.loads((GOLDEN / file).read_text())
    keys = content.get('keys', content)
    return {key: torch.from_numpy(np.asarray(fill(key, tuple(shape)))) for key, shape in keys.items()}
