"""List files below a folder, following symbolic links, so that a dataset may span several disks."""

import errno
import os
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path

from mmmtl.errors import DataError

MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)  # errors of paths that are not a folder


def files_below(folder: Path, suffix: str) -> Iterator[Path]:
    """Yield the files with a suffix in a folder and its subfolders, in the order of their names.

    Links to an enclosing folder are skipped. A folder that two links point to is listed twice, like two copies of it.
    A missing folder yields nothing.

    Raises:
        DataError: A folder cannot be read.
    """
    return (folder / name for name in names_below(folder, suffix))


def names_below(folder: Path, suffix: str) -> Iterator[str]:
    """Yield the paths of `files_below` relative to the folder as strings, which are much faster than `Path` objects.

    Raises:
        DataError: A folder cannot be read.
    """
    return _below(str(folder), '', suffix, frozenset()) if folder.is_dir() else iter(())


def _below(folder: str, prefix: str, suffix: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    try:
        status = os.stat(folder)
        with os.scandir(folder) as found:
            entries = sorted(found, key=attrgetter('name'))
    except OSError as error:
        raise _unreadable(Path(folder), error) from None
    folder_id = status.st_dev, status.st_ino
    if folder_id in above:
        return
    for entry in entries:
        name = entry.name
        linked = entry.is_symlink()  # os.path returns False for a link to itself, where DirEntry raises
        if os.path.isdir(entry) if linked else entry.is_dir():
            yield from _below(os.path.join(folder, name), f'{prefix}{name}/', suffix, above | {folder_id})
        elif name.endswith(suffix) and (os.path.isfile(entry) if linked else entry.is_file()):
            yield prefix + name


def names_of_files(folder: Path) -> set[str]:
    """Return the names of the files in a folder, links to files included; only links need a system call each.

    A missing folder has no files.

    Raises:
        DataError: The folder cannot be read.
    """
    return _names(folder, lambda entry: os.path.isfile(entry) if entry.is_symlink() else entry.is_file())


def names_of_folders(folder: Path) -> set[str]:
    """Return the names of the folders in a folder, links to folders included; only links need a system call each.

    A missing folder has no folders.

    Raises:
        DataError: The folder cannot be read.
    """
    return _names(folder, lambda entry: os.path.isdir(entry) if entry.is_symlink() else entry.is_dir())


def _names(folder: Path, condition: Callable[[os.DirEntry[str]], bool]) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if condition(entry)}
    except OSError as error:
        if error.errno in MISSING:
            return set()
        raise _unreadable(folder, error) from None


def _unreadable(folder: Path, error: OSError) -> DataError:
    """Return the error of a folder that cannot be listed."""
    return DataError(f'{folder}: the folder cannot be read ({error.strerror}); change its permissions, or remove it')
