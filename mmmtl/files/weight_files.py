"""Read weight files safely, check them for damage, and compare them with a model."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from mmmtl.errors import CheckpointError, DamagedCheckpointError, first_line

MARKED_AS_FOLDER = 0x10  # torch reads nothing for such a zip entry and returns uninitialized memory


def load_plain(path: str | Path, map_location: str | torch.device | None = 'cpu') -> Any:
    """Load tensors, numbers, strings, lists and dicts, without executing anything in the file.

    Verifies the CRC-32 of every zip entry, which ``torch.load`` does not do; this takes about half the loading time.
    Files in torch's legacy format, and those written with ``set_crc32_options(False)``, have no checksums.

    Args:
        path: The file.
        map_location: Device of the tensors; None for the device that they were saved from (``.safetensors``: the CPU).

    Raises:
        DamagedCheckpointError: The file is damaged.
        CheckpointError: The file is missing, or holds other objects.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f'{path}: no such checkpoint')
    try:
        if path.suffix == '.safetensors':
            weights = safetensors.torch.load_file(path)
            return {name: value.to(map_location) for name, value in weights.items()} if map_location else weights
        _verify_checksums(path)
        return torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # zipfile, pickle, struct and torch raise many types
        text = str(error)
        foreign = 'Unsupported operand' in text  # pickle operations that torch never writes
        if not foreign and ('weights_only' in text or 'Unsupported' in text):
            raise CheckpointError(
                f'{path}: refused, it holds more than tensors, numbers, strings, lists and dicts, '
                'and loading that could run code; save its state_dict alone on a machine where you '
                'can trust the file'
            ) from None
        reason = 'not written by torch' if foreign else first_line(error)
        raise DamagedCheckpointError(
            f'{path}: cannot be read, it is damaged or not a checkpoint ({reason})',
            'use another copy or an earlier checkpoint',
        ) from None


def _verify_checksums(path: Path) -> None:
    """Check the entries of torch's zip file against their CRC-32.

    Raises:
        zipfile.BadZipFile: An entry is damaged, or the file starts with zeros.
    """
    with path.open('rb') as file:
        start = file.read(4)
        if start == bytes(4):  # a tar archive without entries, in the eyes of torch; a lost block of the disk, in fact
            raise zipfile.BadZipFile('starts with zeros')
        if start != b'PK\x03\x04':  # torch tests the same bytes to detect its legacy format
            return
        with zipfile.ZipFile(file) as content:
            entries = content.infolist()
            if any(entry.CRC for entry in entries) and (damaged := content.testzip()):
                raise zipfile.BadZipFile(f'wrong checksum of {damaged}')
            if any(entry.external_attr & MARKED_AS_FOLDER for entry in entries):
                raise zipfile.BadZipFile('an entry is marked as a folder')


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read the state dict of a ``.safetensors`` or PyTorch file, at the top level or under ``state_dict`` or ``model``.

    Raises:
        CheckpointError: The file cannot be read safely, or holds no state dict.
    """
    content = load_plain(path)
    for name in ('state_dict', 'model'):
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
            break
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise CheckpointError(
            f'{path}: expected a state dict of names and tensors, found something else; pass a file with model weights'
        )
    return content


@dataclass(frozen=True)
class StateDictMatch:
    """The part of a model that a state dict fills, counted in floating-point values.

    Entries that only the file has, such as a classifier head, do not count.

    Args:
        filled: ``{entry of the model: number of values}`` that the file fills.
        unfilled: The remaining entries of the model.
        ignored: Entries of the file that do not fit the model.
    """

    filled: dict[str, int]
    unfilled: dict[str, int]
    ignored: list[str]

    @classmethod
    def of(cls, model_state: Mapping[str, Tensor], file_state: Mapping[str, Any]) -> 'StateDictMatch':
        """Compare the state dicts of a model and of a file, by name and shape."""
        sizes = {key: value.numel() for key, value in model_state.items() if value.is_floating_point()}
        fits = {
            key
            for key, value in model_state.items()
            if isinstance(file_state.get(key), Tensor) and file_state[key].shape == value.shape
        }
        return cls(
            {key: size for key, size in sizes.items() if key in fits},
            {key: size for key, size in sizes.items() if key not in fits},
            [key for key in file_state if key not in fits],
        )

    @property
    def fraction(self) -> float:
        """Fraction of the model's values that are filled, in [0, 1]; 1 for a model without values."""
        filled, unfilled = sum(self.filled.values()), sum(self.unfilled.values())
        return filled / (filled + unfilled) if filled + unfilled else 1.0

    def __str__(self) -> str:
        parts = [
            f'{len(self.filled)} of {len(self.filled) + len(self.unfilled)} entries, '
            f'{100 * self.fraction:.1f} % of values'
        ]
        parts += [
            f'{what}: {", ".join(list(keys)[:5])}{f" and {len(keys) - 5} more" if len(keys) > 5 else ""}'
            for what, keys in (('not filled', self.unfilled), ('ignored', self.ignored))
            if keys
        ]
        return ', '.join(parts)

    def require(self, min_fraction: float, file: str | Path, model: str) -> None:
        """Check that the file fills enough of the model.

        Args:
            min_fraction: Smallest accepted `fraction`, in [0, 1].
            file: The weight file, for the error message.
            model: Name of the model, for the error message.

        Raises:
            CheckpointError: The file fills less.
        """
        if self.fraction < min_fraction:
            raise CheckpointError(
                f'{file}: does not fit {model}: {self}; at least {100 * min_fraction:g} % are required (min_matched)'
            )
