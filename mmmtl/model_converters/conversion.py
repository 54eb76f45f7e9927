"""What every converter of published weights does: read numbers only, refuse in one line, write whole or not at all."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from torch import Tensor

from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.errors import CheckpointError
from mmmtl.files.checksums import file_sha256
from mmmtl.files.weight_files import load_plain
from mmmtl.model_converters.keras_file import load_keras

StateDict = dict[str, Tensor]
WRAPPERS = ('state_dict', 'model_state_dict', 'model')  # UniMatch saves under the last


def convert_file(src: Path, dst: Path, convert: Callable[[StateDict], StateDict], name: str) -> None:
    """Convert a published checkpoint and write the result, with the source and its SHA-256 as ``meta``.

    Args:
        src: Published checkpoint.
        dst: Checkpoint to write, whole or not at all.
        convert: From published keys to ours.
        name: Of the converter.

    Raises:
        CheckpointError: The file is none of this network, or ``dst`` cannot be written.
    """
    state_dict = convert(load_state_dict(src))
    _write(src, dst, state_dict, dict(converter=name, source=src.name, source_sha256=file_sha256(src)))


def load_state_dict(path: Path) -> StateDict:
    """The state dict in `path`: flat, under one of `WRAPPERS`, or Keras' ``.h5``. Runs nothing the file contains.

    Raises:
        CheckpointError: no such file, one that holds more than numbers, or no state dict.
    """
    content = load_keras(path) if path.suffix == '.h5' else load_plain(path)
    if isinstance(content, dict):
        content = next((content[name] for name in WRAPPERS if name in content), content)
    if not isinstance(content, dict) or not content:
        raise CheckpointError(f'{path}: contains no state dict')
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise CheckpointError(
                f'{path}: contains no state dict: {key!r} is a {type(value).__name__}, expected a tensor'
            )
    return content


def check(state_dict: StateDict, expected: Mapping[str, Tensor]) -> StateDict:
    """`state_dict` in the order and the types of `expected`, so that it loads strictly.

    Raises:
        CheckpointError: missing or unknown keys, or other shapes.
    """
    missing = [key for key in expected if key not in state_dict]
    unknown = [key for key in state_dict if key not in expected]
    if missing or unknown:
        raise CheckpointError(f'the keys do not fit: missing {_first_keys(missing)}; unknown {_first_keys(unknown)}')
    for key, value in expected.items():
        if state_dict[key].shape != value.shape:
            raise CheckpointError(f'{key} must have shape {tuple(value.shape)}, but has {tuple(state_dict[key].shape)}')
    # cloned: a published tensor may be a view that drags a larger storage into the file
    return {key: state_dict[key].to(value.dtype).clone() for key, value in expected.items()}


def _write(src: Path, dst: Path, state_dict: StateDict, meta: dict[str, str]) -> None:
    """Saves to a temporary name beside `dst` and moves it there, so that `dst` is never half a file.

    Raises:
        CheckpointError: `dst` is `src`, or cannot be written.
    """
    if dst.exists() and dst.samefile(src):
        raise CheckpointError(f'{dst}: SRC and DST are the same file; choose another DST')
    if not dst.parent.is_dir():
        raise CheckpointError(f'{dst}: the folder {dst.parent} does not exist; create it')
    write_checkpoint(dict(state_dict=state_dict, meta=meta), dst)


def _first_keys(keys: Iterable[str]) -> str:
    keys = list(keys)
    return ', '.join(keys[:3]) + (f' and {len(keys) - 3} more' if len(keys) > 3 else '') or 'none'
