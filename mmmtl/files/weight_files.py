"""Files of weights, ours and others': read without running anything, checked for damage, and how well they fit."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from mmmtl.errors import CheckpointError

MARKED_AS_FOLDER = 0x10  # of such an entry torch would read nothing and give whatever is in its memory


def read_plain(path: str | Path, map_location: str | torch.device | None = 'cpu') -> Any:
    """Load tensors, numbers, strings, lists and dicts, and nothing that could run.

    The checksum of every entry of the file is verified, which ``torch.load`` does not do: it takes about half the time
    of loading. Files in torch's old format, and those written with ``set_crc32_options(False)``, have none.

    Raises:
        CheckpointError: No such file, damaged, or it holds other objects.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f'{path}: no such checkpoint')
    try:
        if path.suffix == '.safetensors':
            return safetensors.torch.load_file(path)
        _verify_checksums(path)
        return torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # zip, pickle, struct, torch: each has its own way to say no
        text = str(error)
        foreign = 'Unsupported operand' in text  # bytes that torch never writes
        if not foreign and ('weights_only' in text or 'Unsupported' in text):
            raise CheckpointError(
                f'{path}: refused, it holds more than tensors, numbers, strings, lists and dicts, '
                'and loading that could run code; re-save only its state_dict on a machine you '
                'trust with it'
            ) from None
        reason = 'torch has not written it' if foreign else text.splitlines()[0] if text else type(error).__name__
        raise CheckpointError(
            f'{path}: cannot be read, it is damaged or no checkpoint ({reason}); take another copy '
            'or an earlier checkpoint'
        ) from None


def _verify_checksums(path: Path) -> None:
    """Compare the entries of torch's zip file with their CRC-32.

    Raises:
        zipfile.BadZipFile: One differs.
    """
    with path.open('rb') as file:
        if file.read(4) != b'PK\x03\x04':  # by which torch too takes a file for one of its old format
            return
        with zipfile.ZipFile(file) as content:
            entries = content.infolist()
            if any(entry.CRC for entry in entries) and (damaged := content.testzip()):
                raise zipfile.BadZipFile(f'wrong checksum of {damaged}')
            if any(entry.external_attr & MARKED_AS_FOLDER for entry in entries):
                raise zipfile.BadZipFile('an entry is marked as a folder')


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """The state dict in a ``.safetensors`` or PyTorch file, at its top or under ``state_dict`` or ``model``.

    Raises:
        CheckpointError: It cannot be read safely, or holds no state dict.
    """
    content = read_plain(path)
    for name in ('state_dict', 'model'):
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
            break
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise CheckpointError(f'{path}: holds no state dict, that is names and tensors')
    return content


@dataclass(frozen=True)
class Match:
    """How much of a model a state dict fills, by the number of floating-point values.

    What only the file has, such as a classifier's head, does not count.
    """

    filled: dict[str, int]  # entry -> number of values
    unfilled: dict[str, int]
    ignored: list[str]  # entries of the file

    @classmethod
    def of(cls, own: Mapping[str, Tensor], found: Mapping[str, Any]) -> 'Match':
        """Compare the state dict of a model with one that was found."""
        sizes = {key: value.numel() for key, value in own.items() if value.is_floating_point()}
        fits = {
            key for key, value in own.items() if isinstance(found.get(key), Tensor) and found[key].shape == value.shape
        }
        return cls(
            {key: size for key, size in sizes.items() if key in fits},
            {key: size for key, size in sizes.items() if key not in fits},
            [key for key in found if key not in fits],
        )

    @property
    def fraction(self) -> float:
        """Of the model's values that are filled; 1 for a model without any."""
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

    def require(self, least: float, source: str | Path, model: str) -> None:
        """Refuse a file that fills too little.

        Args:
            least: Fraction in [0, 1].
            source: The file.
            model: What it was to fill.

        Raises:
            CheckpointError: It fills less.
        """
        if self.fraction < least:
            raise CheckpointError(
                f'{source}: does not fit {model}: {self}; at least {100 * least:g} % are required (min_matched)'
            )
