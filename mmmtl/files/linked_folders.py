"""Files below a folder, through symbolic links as well: data of several disks that links join into one tree."""

import os
from collections.abc import Iterator
from pathlib import Path

from mmmtl.errors import DataError


def files_below(folder: Path, suffix: str) -> Iterator[Path]:
    """The files of that suffix in the folder and all folders below it, linked ones too, in the order of their names.

    A link back to a folder that it lies in is not entered. A folder that two links name is seen twice, as two copies
    would be.

    Raises:
        DataError: A folder may not be read.
    """
    return _below(folder, suffix, frozenset()) if folder.is_dir() else iter(())


def _below(folder: Path, suffix: str, above: frozenset[tuple[int, int]]) -> Iterator[Path]:
    try:
        status = folder.stat()
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f'{folder}: the folder cannot be read ({error.strerror}); allow it, or take it away') from None
    here = status.st_dev, status.st_ino
    if here in above:
        return
    for entry in entries:
        linked = entry.is_symlink()  # a link to itself has no target at all, which os.path takes and DirEntry does not
        if os.path.isdir(entry) if linked else entry.is_dir():
            yield from _below(folder / entry.name, suffix, above | {here})
        elif entry.name.endswith(suffix) and (os.path.isfile(entry) if linked else entry.is_file()):
            yield folder / entry.name
