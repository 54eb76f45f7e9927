"""Files without which a data set cannot be: there, or an error that says what they are and where they were expected."""

import re
import warnings
from pathlib import Path

from mmmtl.errors import DataError
from mmmtl.files.near_names import hint_in


def required_files(folder: Path, pattern: str, what: str) -> list[Path]:
    """The files of a folder that match, sorted by path, at least one; a warning where others differ by case only.

    Raises:
        DataError: There is no such folder, or nothing in it.
    """
    paths = visible(folder, pattern)
    other = sorted(set(visible(folder, re.sub('[a-zA-Z]', either_case, pattern))) - set(paths))
    near = f'{len(other)} that differ in upper and lower case, the first is {other[0].name}' if other else 'none'
    if not paths:
        raise DataError(
            f'{folder}: expected {what} ({pattern}), found {near}; unpack the data set there, or correct root and split'
        )
    if other:
        warnings.warn(f'{folder}: {len(paths)} {what} ({pattern}) are taken, but not {near}; rename them', stacklevel=2)
    return paths


def visible(folder: Path, pattern: str) -> list[Path]:
    """The files that match and are not hidden, sorted by path; nothing where there is no such folder."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith('.')) if folder.is_dir() else []


def either_case(letter: re.Match[str]) -> str:
    """A pattern of `Path.glob` for a letter, small or capital."""
    return f'[{letter[0].lower()}{letter[0].upper()}]'


def required_file(path: Path, what: str) -> Path:
    """The path itself.

    Raises:
        DataError: There is no such file.
    """
    if not path.is_file():
        raise DataError(
            f'{path}: no such file, expected {what}{hint_in(path)}; restore it, or leave out the task or '
            'the views that need it'
        )
    return path
