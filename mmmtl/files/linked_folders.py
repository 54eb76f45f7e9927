"""List files below a folder, following symbolic links, so that a data set may span several disks."""

import os
from collections.abc import Iterator
from pathlib import Path

from mmmtl.errors import DataError


def files_below(folder: Path, suffix: str) -> Iterator[Path]:
    """Yield the files with a suffix in a folder and its subfolders, in the order of their names.

    Links to an enclosing folder are skipped. A folder that two links point to is listed twice, like two copies of it.
    A missing folder yields nothing.

    Raises:
        DataError: A folder cannot be read.
    """
    return _below(folder, suffix, frozenset()) if folder.is_dir() else iter(())


def _below(folder: Path, suffix: str, above: frozenset[tuple[int, int]]) -> Iterator[Path]:
    try:
        status = folder.stat()
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(
            f'{folder}: the folder cannot be read ({error.strerror}); change its permissions, or remove it'
        ) from None
    folder_id = status.st_dev, status.st_ino
    if folder_id in above:
        return
    for entry in entries:
        linked = entry.is_symlink()  # os.path returns False for a link to itself, where DirEntry raises
        if os.path.isdir(entry) if linked else entry.is_dir():
            yield from _below(folder / entry.name, suffix, above | {folder_id})
        elif entry.name.endswith(suffix) and (os.path.isfile(entry) if linked else entry.is_file()):
            yield folder / entry.name
