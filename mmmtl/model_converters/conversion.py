"""Read, check and write checkpoints, for all converters of published weights."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from torch import Tensor

from mmmtl.checkpoints.checkpoint import write_checkpoint
from mmmtl.errors import CheckpointError
from mmmtl.files.checksums import file_sha256
from mmmtl.files.weight_files import load_plain
from mmmtl.model_converters.keras_file import load_keras

StateDict = dict[str, Tensor]
# keys under which published checkpoints store the state dict; UniMatch uses the last
WRAPPERS = ('state_dict', 'model_state_dict', 'model')


def convert_file(src: Path, dst: Path, convert: Callable[[StateDict], StateDict], name: str) -> None:
    """Convert a published checkpoint and write the result, with the name and SHA-256 of the source in ``meta``.

    Args:
        src: Published checkpoint.
        dst: Checkpoint to write; it is renamed when it is complete.
        convert: Converts the published state dict.
        name: Name of the converter.

    Raises:
        CheckpointError: The file is not a checkpoint of the expected network, or ``dst`` cannot be written.
    """
    state_dict = convert(load_state_dict(src))
    _write(src, dst, state_dict, dict(converter=name, source=src.name, source_sha256=file_sha256(src)))


def load_state_dict(path: Path) -> StateDict:
    """Read a state dict: at the top level, under a key in ``WRAPPERS``, or in an ``.h5`` file of Keras.

    Nothing in the file is executed.

    Raises:
        CheckpointError: The file is missing, contains more than plain values and tensors, or has no state dict.
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
    """Check the keys and shapes of a state dict; return it in the order and dtypes of ``expected``.

    Raises:
        CheckpointError: Keys are missing or unknown, or a tensor has a different shape.
    """
    missing = [key for key in expected if key not in state_dict]
    unknown = [key for key in state_dict if key not in expected]
    if missing or unknown:
        raise CheckpointError(f'the keys do not match: missing {_first_keys(missing)}; unknown {_first_keys(unknown)}')
    for key, value in expected.items():
        if state_dict[key].shape != value.shape:
            raise CheckpointError(f'{key} must have shape {tuple(value.shape)}, but has {tuple(state_dict[key].shape)}')
    # cloned, because a published tensor may be a view of a larger storage, all of which would be saved
    return {key: state_dict[key].to(value.dtype).clone() for key, value in expected.items()}


def _write(src: Path, dst: Path, state_dict: StateDict, meta: dict[str, str]) -> None:
    """Write under a temporary name and rename, so that ``dst`` is never incomplete.

    Raises:
        CheckpointError: ``dst`` is ``src``, or cannot be written.
    """
    if dst.exists() and dst.samefile(src):
        raise CheckpointError(f'{dst}: SRC and DST are the same file; choose another DST')
    if not dst.parent.is_dir():
        raise CheckpointError(f'{dst}: the folder {dst.parent} does not exist; create it')
    write_checkpoint(dict(state_dict=state_dict, meta=meta), dst)


def _first_keys(keys: Iterable[str]) -> str:
    keys = list(keys)
    return ', '.join(keys[:3]) + (f' and {len(keys) - 3} more' if len(keys) > 3 else '') or 'none'
