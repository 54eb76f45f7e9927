"""What official splits name, and whether the folder holds all of it."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from mmmtl.errors import ConfigError, DataError
from mmmtl.files.near_names import hint, without_suffix
from mmmtl.files.text_files import read_lines

PARTIAL = 'restore them, or set partial=True to use the part that is there'


def check_split(name: str, split: str, known: Iterable[str] = ('train', 'val')) -> str:
    """The split itself.

    Raises:
        ConfigError: It is none of those that the data set has.
    """
    known = tuple(known)
    if split not in known:
        raise ConfigError(f'{name}.split must be one of {", ".join(map(repr, known))}, found {split!r}')
    return split


def read_split(path: Path) -> list[str]:
    """The names in a split file, one in each line; the suffix of an image, which some lists have, is taken off.

    Raises:
        DataError: The file is missing or damaged, or names something twice.
    """
    try:
        names = [without_suffix(line) for line in read_lines(path).values()]
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: cannot be read as a list of names ({error}); restore it') from None
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f'{path}: {twice} stands in it more than once; restore the file')
    return names


def check_count(found: int, expected: int, where: Path, partial: bool) -> None:
    """Warn of a partial folder how many there are.

    Raises:
        DataError: The count is another than the official one, and the folder was not said to be partial.
    """
    if found == expected:
        return
    if not partial:
        raise DataError(f'{where}: {found} images, but the official split has {expected}; {PARTIAL}')
    warnings.warn(f'{where}: {found} images of {expected} in the official split, as partial=True allows', stacklevel=2)


def files_in(folder: Path, suffix: str) -> dict[str, Path]:
    """Stem -> path of the files of that suffix; nothing where there is no such folder."""
    if not folder.is_dir():
        return {}
    return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix == suffix and path.name[0] != '.'}


def of_the_split(names: Iterable[str], files: dict[str, Path], where: Path, partial: bool) -> dict[str, Path]:
    """Those of the files that the split names.

    Raises:
        DataError: Some are missing, and the folder was not said to be partial.
    """
    names = list(names)
    missing = [name for name in names if name not in files]
    if missing:
        beside = sorted(path.name for path in where.iterdir()) if where.is_dir() else []
        report_missing(missing, len(names), where, partial, hint(missing[0], [*files, *beside]))
    return {name: files[name] for name in names if name in files}


def report_missing(missing: Sequence[str], count: int, where: Path, partial: bool, near: str = '') -> None:
    """Warn of names that a split has and a partial folder has not: how many of ``count``, and the first.

    Args:
        near: What is there instead of the first, see `hint`.

    Raises:
        DataError: The folder was not said to be partial.
    """
    if not missing:
        return
    message = f'{where}: {len(missing)} of {count} files are missing, the first is {missing[0]}{near}'
    if not partial:
        raise DataError(f'{message}; {PARTIAL}')
    warnings.warn(f'{message}; they are left out, as partial=True allows', stacklevel=2)
