"""Checkpoints that run nothing: plain values in, plain values out, whole or not at all."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch import Tensor, nn

from mmmtl.errors import CheckpointError
from mmmtl.files.weight_files import read_plain


def to_plain_values(value: Any) -> Any:
    """Tensors (on the CPU), numbers, strings, lists and dicts; anything else is refused.

    Log histories become ``{'log_history': [...], 'count_history': [...]}``, tuples lists, NumPy's scalars numbers.
    """
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, np.generic):  # first, for NumPy's float64 is a float, but does not load as one
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    if isinstance(value, HistoryBuffer):
        log, count = value.data
        return {'log_history': [float(x) for x in log], 'count_history': [int(x) for x in count]}
    if isinstance(value, Mapping):
        return {to_plain_values(key): to_plain_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain_values(item) for item in value]
    raise TypeError(f'a checkpoint may hold tensors, numbers, strings, lists and dicts, not {type(value).__name__}')


def write_checkpoint(checkpoint: Mapping, path: str | Path) -> None:
    """Write under a temporary name and rename: a kill at any moment leaves the old file or the new one.

    Raises:
        CheckpointError: The folder cannot be written to or the disk is full; nothing is left behind.
    """
    path = Path(path)
    unfinished = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        with unfinished.open('wb') as file, _checksums():
            torch.save(to_plain_values(checkpoint), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        reason = error.strerror if isinstance(error, OSError) else str(error).splitlines()[0]
        raise CheckpointError(
            f'{path}: cannot write the checkpoint ({reason}); free some space or choose another place'
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _checksums() -> Iterator[None]:
    """While a file is written, torch puts the CRC-32 of every entry into it, which reading verifies.

    It does so unless somebody turned it off; before torch 2.6 nobody could.
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
    """A checkpoint as `write_checkpoint` writes it.

    Raises:
        CheckpointError: It cannot be read safely, or it is none of ours.
    """
    checkpoint = read_plain(path, map_location)
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get('state_dict'), dict):
        raise CheckpointError(
            f"{path}: no checkpoint of mmmtl, it has no dict 'state_dict'; convert it with tools/model_converters"
        )
    return checkpoint


def load_weights(model: nn.Module, state_dict: Mapping[str, Tensor], source: str | Path) -> None:
    """Load all weights, or none.

    Raises:
        CheckpointError: See `check_weights`.
    """
    check_weights(model, state_dict, source)
    model.load_state_dict(state_dict)


def check_weights(model: nn.Module, state_dict: Mapping[str, Tensor], source: str | Path) -> None:
    """Whether a file's weights are those of the model.

    Raises:
        CheckpointError: Keys or shapes differ, or a value is no tensor; the message names the first of them.
    """
    own = model.state_dict()
    missing = [key for key in own if key not in state_dict]
    unexpected = [key for key in state_dict if key not in own]
    no_tensor = [key for key in own if not isinstance(state_dict.get(key, own[key]), Tensor)]
    if no_tensor:
        raise CheckpointError(
            f'{source}: {no_tensor[0]} is a {type(state_dict[no_tensor[0]]).__name__}, expected a tensor'
        )
    shapes = [
        f'{key} is {tuple(state_dict[key].shape)} there, {tuple(own[key].shape)} here'
        for key in own
        if key in state_dict and state_dict[key].shape != own[key].shape
    ]
    if missing or unexpected or shapes:
        found = [f'{len(missing)} missing keys (first: {missing[0]})'] if missing else []
        found += [f'{len(unexpected)} unexpected keys (first: {unexpected[0]})'] if unexpected else []
        found += [f'{len(shapes)} shapes differ (first: {shapes[0]})'] if shapes else []
        raise CheckpointError(
            f'{source}: made for another architecture or other tasks: {"; ".join(found)}; use the '
            'config that it was trained with'
        )


def latest_checkpoint(work_dir: str | Path) -> Path | None:
    """The ``epoch_N.pth`` or ``iter_N.pth`` with the largest N, None where there is none."""
    found = [
        (int(match[1]), path)
        for path in Path(work_dir).glob('*.pth')
        if (match := re.fullmatch(r'(?:epoch|iter)_(\d+)\.pth', path.name))
    ]
    return max(found)[1] if found else None
