"""Write and read checkpoints of plain values, atomically and without executing anything in them."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch import Tensor, nn

from mmmtl.checkpoints.sharded_tensors import shard_like
from mmmtl.errors import CheckpointError, first_line
from mmmtl.files.atomic_path import atomic_path
from mmmtl.files.weight_files import load_plain


def to_plain_values(value: Any) -> Any:
    """Convert to tensors (on the CPU), numbers, strings, lists and dicts.

    Log histories become ``{'log_history': [...], 'count_history': [...]}``, tuples become lists, NumPy scalars numbers,
    NumPy arrays of numbers tensors, and enums that are numbers or strings their values.

    Raises:
        TypeError: There is a value of any other type.
    """
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, np.generic):  # before the test for float: np.float64 is one, but `read_checkpoint` refuses it
        return value.item()
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # str() of an enum returns its name
    if isinstance(value, int | float):  # `read_checkpoint` refuses subclasses
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in 'biufc':
        return torch.from_numpy(value.copy())  # torch refuses negative strides
    if isinstance(value, HistoryBuffer):
        log, count = value.data
        return {'log_history': [float(x) for x in log], 'count_history': [int(x) for x in count]}
    if isinstance(value, Mapping):
        return {to_plain_values(key): to_plain_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain_values(item) for item in value]
    found = f'{type(value).__name__}{f" of {value.dtype}" if isinstance(value, np.ndarray) else ""}'
    raise TypeError(f'a checkpoint may hold tensors, numbers, strings, lists and dicts, not {found}')


def write_checkpoint(checkpoint: Mapping, path: str | Path) -> None:
    """Write a checkpoint under a temporary name and rename it: a process that is killed leaves the old or the new file.

    Args:
        checkpoint: The values to write, see `to_plain_values`.
        path: The file to write or replace.

    Raises:
        CheckpointError: The folder is missing or not writable, or the disk is full; the temporary file is removed.
        TypeError: See `to_plain_values`.
    """
    path = Path(path)
    values = to_plain_values(checkpoint)  # outside of try: a RuntimeError of CUDA is not one of the disk
    try:
        with atomic_path(path) as unfinished, unfinished.open('wb') as file, _checksums_written():
            torch.save(values, file)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        reason = (error.strerror if isinstance(error, OSError) else None) or first_line(error)
        advice = 'create the folder' if isinstance(error, FileNotFoundError) else 'free some space'
        raise CheckpointError(
            f'{path}: cannot write the checkpoint ({reason}); {advice} or choose another folder'
        ) from error


@contextmanager
def _checksums_written() -> Iterator[None]:
    """Make torch write the CRC-32 of every entry of a file, which is verified on reading.

    This is torch's default, which a user may have switched off (torch >= 2.6).
    """
    if not hasattr(torch.serialization, 'set_crc32_options'):
        yield
        return
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(True)
    try:
        yield
    finally:
        torch.serialization.set_crc32_options(before)


def read_checkpoint(path: str | Path, map_location: str | torch.device = 'cpu') -> dict:
    """Read a checkpoint written by `write_checkpoint`, or a ``.safetensors`` file; nothing in it is executed.

    Args:
        path: The file.
        map_location: Device to load the tensors to.

    Returns:
        The checkpoint, with at least ``state_dict``; of a ``.safetensors`` file, ``state_dict`` alone.

    Raises:
        CheckpointError: The file is missing, damaged, holds more than plain values, or has no ``state_dict``.
    """
    checkpoint = load_plain(path, map_location)
    if Path(path).suffix == '.safetensors':
        return {'state_dict': checkpoint}
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get('state_dict'), dict):
        raise CheckpointError(
            f"{path}: not a checkpoint of mmmtl, it has no dict 'state_dict'; convert it with mmmtl convert-model"
        )
    return checkpoint


def load_weights(model: nn.Module, state_dict: Mapping[str, Tensor], file: str | Path) -> None:
    """Load weights into a model, sharded or not, after `check_weights`; on an error the model is unchanged.

    Args:
        model: The model.
        state_dict: All of its parameters and buffers.
        file: Where they come from, for messages.

    Raises:
        CheckpointError: See `check_weights`.
    """
    check_weights(model, state_dict, file)
    current = model.state_dict()
    model.load_state_dict({key: shard_like(value, current[key]) for key, value in state_dict.items()})


def check_weights(model: nn.Module, state_dict: Mapping[str, Tensor], file: str | Path) -> None:
    """Check that weights have exactly the keys and shapes of the model.

    Args:
        model: The model.
        state_dict: The weights.
        file: Where they come from, for messages.

    Raises:
        CheckpointError: Keys or shapes differ, or a value is not a tensor; the message names the first of each kind.
    """
    expected = model.state_dict()
    missing = [key for key in expected if key not in state_dict]
    unexpected = [key for key in state_dict if key not in expected]
    not_tensors = [key for key in expected if not isinstance(state_dict.get(key, expected[key]), Tensor)]
    if not_tensors:
        raise CheckpointError(
            f'{file}: {not_tensors[0]} is a {type(state_dict[not_tensors[0]]).__name__}, expected a tensor'
        )
    shapes = [
        f'{key} is {tuple(state_dict[key].shape)} in the file, {tuple(expected[key].shape)} in the model'
        for key in expected
        if key in state_dict and state_dict[key].shape != expected[key].shape
    ]
    if missing or unexpected or shapes:
        found = [f'{len(missing)} missing keys (first: {missing[0]})'] if missing else []
        found += [f'{len(unexpected)} unexpected keys (first: {unexpected[0]})'] if unexpected else []
        found += [f'{len(shapes)} shapes differ (first: {shapes[0]})'] if shapes else []
        raise CheckpointError(
            f'{file}: does not fit the architecture and tasks of the config: {"; ".join(found)}; use the '
            'config that it was trained with'
        )
