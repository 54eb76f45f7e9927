"""Check that the files of a data set exist, with errors that name what is missing and where."""

import re
import warnings
from pathlib import Path

from mmmtl.errors import DataError
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
    paths = _visible_files(folder, pattern)
    other = sorted(set(_visible_files(folder, re.sub('[a-zA-Z]', _either_case, pattern))) - set(paths))
    near = f'{len(other)} whose names differ in case, the first is {other[0].name}' if other else 'none'
    if not paths:
        raise DataError(
            f'{folder}: expected {what} ({pattern}), found {near}; unpack the data set there, or correct root and split'
        )
    if other:
        warnings.warn(f'{folder}: using {len(paths)} {what} ({pattern}), but not {near}; rename them', stacklevel=2)
    return paths


def _visible_files(folder: Path, pattern: str) -> list[Path]:
    """Return matching files that are not hidden, sorted by path; an empty list if the folder is missing."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith('.')) if folder.is_dir() else []


def _either_case(letter: re.Match[str]) -> str:
    """Return a glob pattern that matches a letter in both cases."""
    return f'[{letter[0].lower()}{letter[0].upper()}]'


def required_file(path: Path, what: str) -> Path:
    """Return ``path`` if it is a file.

    Raises:
        DataError: The file is missing.
    """
    if not path.is_file():
        raise DataError(
            f'{path}: no such file, expected {what}{similar_file_hint(path)}; restore it, or remove the task or '
            'view_mode that needs it'
        )
    return path
