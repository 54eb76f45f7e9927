"""Read split files and check that the folder holds the whole split."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from mmmtl.errors import ConfigError, DataError
from mmmtl.files.near_names import similar_name_hint, without_suffix
from mmmtl.files.text_files import read_lines

PARTIAL = 'restore them, or set partial=True to use the files that exist'


def check_split(name: str, split: str, known: Iterable[str] = ('train', 'val')) -> str:
    """Return ``split`` if the dataset has it.

    Raises:
        ConfigError: The dataset has no such split.
    """
    known = tuple(known)
    if split not in known:
        raise ConfigError(f'{name}.split must be one of {", ".join(map(repr, known))}, found {split!r}')
    return split


def read_split(path: Path, suffix: str | None = None) -> list[str]:
    """Read a split file with one name per line; suffixes are removed.

    Args:
        path: The file.
        suffix: End of the names of the images, such as ``'_rgb.png'``, in any case; None for the suffixes of images and
            arrays.

    Raises:
        DataError: The file is missing or damaged, or lists a name twice.
    """
    try:
        lines = read_lines(path).values()
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: cannot be read as a list of names ({error}); restore it') from None
    names = [_without(line, suffix) for line in lines]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f'{path}: {twice} is listed more than once; restore the file')
    return names


def _without(name: str, suffix: str | None) -> str:
    if suffix is None:
        return without_suffix(name)
    return name[: -len(suffix)] if name.lower().endswith(suffix.lower()) else name


def check_count(found: int, expected: int, where: Path, partial: bool) -> None:
    """Compare the number of images with the official one; warn of a difference if ``partial``.

    Raises:
        DataError: The numbers differ, and ``partial`` is false.
    """
    if found == expected:
        return
    if not partial:
        raise DataError(f'{where}: {found} images, but the official split has {expected}; {PARTIAL}')
    warnings.warn(f'{where}: {found} images of {expected} in the official split, as partial=True allows', stacklevel=2)


def files_by_stem(folder: Path, suffix: str) -> dict[str, Path]:
    """Return ``{stem: path}`` of the visible files with a suffix, sorted by name; empty if the folder is missing."""
    if not folder.is_dir():
        return {}
    return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix == suffix and path.name[0] != '.'}


def files_of_split(names: Iterable[str], files: dict[str, Path], where: Path, partial: bool) -> dict[str, Path]:
    """Return the files that the split lists, in its order.

    Raises:
        DataError: Files are missing, and ``partial`` is false.
    """
    names = list(names)
    missing = [name for name in names if name not in files]
    if missing:
        beside = sorted(path.name for path in where.iterdir()) if where.is_dir() else []
        report_missing(missing, len(names), where, partial, similar_name_hint(missing[0], [*files, *beside]))
    return {name: files[name] for name in names if name in files}


def report_missing(missing: Sequence[str], count: int, where: Path, partial: bool, near: str = '') -> None:
    """Report the number of missing files and the first one: a warning if ``partial``, else an error.

    Args:
        missing: Missing names; nothing is reported if it is empty.
        count: Number of names in the split.
        where: Folder or file that the message names.
        partial: Whether a part of the split is enough.
        near: Hint at an existing file similar to the first missing one, see `similar_name_hint`.

    Raises:
        DataError: Files are missing, and ``partial`` is false.
    """
    if not missing:
        return
    message = f'{where}: {len(missing)} of {count} files are missing, the first is {missing[0]}{near}'
    if not partial:
        raise DataError(f'{message}; {PARTIAL}')
    warnings.warn(f'{message}; skipping them, as partial=True allows', stacklevel=2)
