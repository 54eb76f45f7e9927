"""Read weights that Keras saved as HDF5, with h5py only; nothing in the file is executed."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmmtl.errors import CheckpointError
from mmmtl.extras import import_extra

LARGEST = 2**27  # limit on the values of one array, above the largest layer of VGG-16


def load_keras(path: Path) -> dict[str, Tensor]:
    """Return path -> float32 tensor of the arrays in a ``.weights.h5`` file; links in it are not followed.

    Raises:
        CheckpointError: The file is missing, not HDF5, or contains more than arrays of floats.
        MissingExtraError: h5py is not installed.
    """
    h5py = import_extra('h5py', f'reading {path.name}')
    if not path.is_file():
        raise CheckpointError(f'{path}: no such checkpoint')
    arrays = {}

    def read(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            if item.dtype.kind != 'f' or item.external or item.is_virtual or item.size > LARGEST:
                raise CheckpointError(f'{path}: {name} must be an array of at most {LARGEST} floats in the file itself')
            arrays[name] = torch.from_numpy(np.asarray(item[()], dtype=np.float32))

    try:
        with h5py.File(path, 'r') as file:
            file.visititems(read)
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        reason = ' '.join(str(error).split())
        raise CheckpointError(f'{path}: cannot be read as HDF5 ({reason}); download it again') from None
    return arrays
