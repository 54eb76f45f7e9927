"""Check that the files of a dataset exist, with errors that name what is missing and where."""

import os
import re
import warnings
from fnmatch import fnmatch
from pathlib import Path

from mmmtl.errors import DataError
from mmmtl.files.linked_folders import names_of_files
from mmmtl.files.near_names import similar_file_hint


def required_files(folder: Path, pattern: str, what: str) -> list[Path]:
    """Return the files of a folder that match a pattern, sorted by path.

    Warns of files that match only if case is ignored.

    Args:
        folder: Folder to search.
        pattern: Pattern of `pathlib.Path.glob`.
        what: Description of the files in error messages.

    Raises:
        DataError: The folder is missing, or no file matches.
    """
    found = visible_files(folder, re.sub('[a-zA-Z]', _either_case, pattern))
    levels = pattern.count('/') + 1
    paths = [path for path in found if fnmatch('/'.join(path.parts[-levels:]), pattern)]
    other = sorted(set(found) - set(paths))
    near = f'{len(other)} whose names differ in case, the first is {other[0].name}' if other else 'none'
    if not paths:
        raise DataError(
            f'{folder}: expected {what} ({pattern}), found {near}; unpack the dataset there, or correct root and split'
        )
    if other:
        warnings.warn(f'{folder}: using {len(paths)} {what} ({pattern}), but not {near}; rename them', stacklevel=2)
    return paths


def visible_files(folder: Path, pattern: str) -> list[Path]:
    """Return matching files that are not hidden, sorted by path; an empty list if the folder is missing."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith('.')) if folder.is_dir() else []


def _either_case(letter: re.Match[str]) -> str:
    """Return a glob pattern that matches a letter in both cases."""
    return f'[{letter[0].lower()}{letter[0].upper()}]'


class ListedFiles:
    """Files that are looked up in listings of their folders, each of which is read once.

    A system call per file takes long on a network file system, where each is a round trip. Create a new object when
    the records of a dataset are built, because later changes of the folders are not noticed.
    """

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}

    def __contains__(self, path: Path) -> bool:
        """Return whether the path is a file, or a link to a file.

        Raises:
            DataError: The folder of the path cannot be read.
        """
        folder, name = os.path.split(path)  # strings are much faster than Path objects
        names = self._names.get(folder)
        if names is None:
            names = self._names[folder] = names_of_files(Path(folder))
        return name in names

    def required(self, path: Path, what: str) -> Path:
        """Return ``path`` if it is a file.

        Args:
            path: Path of the file.
            what: Description of the file in the error message.

        Raises:
            DataError: The file is missing, or its folder cannot be read.
        """
        if path not in self:
            raise missing_file(path, what)
        return path


def missing_file(path: Path, what: str) -> DataError:
    """Return the error of a missing file, with a hint at a similar name."""
    return DataError(
        f'{path}: no such file, expected {what}{similar_file_hint(path)}; restore it, or remove the task or '
        'view_mode that needs it'
    )
