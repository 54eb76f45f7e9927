"""Weights that Keras has saved as HDF5, read by h5py: neither Keras nor TensorFlow is needed, and nothing is run."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmmtl.errors import CheckpointError
from mmmtl.extras import import_extra

MAX_VALUES = 2**27  # values of one array: more than VGG-16's largest layer has


def load_keras(path: Path) -> dict[str, Tensor]:
    """Read the arrays of a ``.weights.h5`` file by their paths; links in it are not followed.

    Raises:
        CheckpointError: There is no such file, it is not HDF5, or it holds more than arrays of floats.
        MissingExtraError: h5py is not installed.
    """
    h5py = import_extra('h5py', f'reading {path.name}')
    if not path.is_file():
        raise CheckpointError(f'{path}: no such checkpoint')
    arrays = {}

    def read(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            if item.dtype.kind != 'f' or item.external or item.is_virtual or item.size > MAX_VALUES:
                raise CheckpointError(
                    f'{path}: {name} must be an array of at most {MAX_VALUES} floats in the file itself'
                )
            arrays[name] = torch.from_numpy(np.asarray(item[()], dtype=np.float32))

    try:
        with h5py.File(path, 'r') as file:
            file.visititems(read)
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        reason = ' '.join(str(error).split())
        raise CheckpointError(f'{path}: cannot be read as HDF5 ({reason}); use another copy') from None
    return arrays
