"""What official splits name, and whether the folder holds all of it."""

from collections.abc import Iterable
from pathlib import Path

from mmmtl.errors import ConfigError, DataError

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
    """The names in a split file, one in each line.

    Raises:
        DataError: The file is missing or damaged, or names something twice.
    """
    try:
        names = [line.strip() for line in path.read_text(encoding='utf-8').splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'{path}: cannot be read as a list of names ({type(error).__name__}); restore it') from None
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f'{path}: {twice} stands in it more than once; restore the file')
    return names


def check_count(found: int, expected: int, where: Path, partial: bool) -> None:
    """
    Raises:
        DataError: The count is another than the official one, and the folder was not said to be partial.
    """
    if found != expected and not partial:
        raise DataError(f'{where}: {found} images, but the official split has {expected}; {PARTIAL}')


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
    if missing and not partial:
        raise DataError(f'{where}: {len(missing)} of {len(names)} files are missing, the first is {missing[0]}; '
                        f'{PARTIAL}')
    return {name: files[name] for name in names if name in files}
