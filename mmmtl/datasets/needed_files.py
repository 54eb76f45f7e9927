"""Files without which a data set cannot be: there, or an error that says what they are and where they were expected."""

from pathlib import Path

from mmmtl.errors import DataError


def needed_files(folder: Path, pattern: str, what: str) -> list[Path]:
    """The files of a folder that match, sorted by path, at least one.

    Raises:
        DataError: There is no such folder, or nothing in it.
    """
    paths = sorted(path for path in folder.glob(pattern) if not path.name.startswith('.')) if folder.is_dir() else []
    if not paths:
        raise DataError(f'{folder}: expected {what} ({pattern}), found none; unpack the data set there, or correct '
                        'root and split')
    return paths


def needed_file(path: Path, what: str) -> Path:
    """The path itself.

    Raises:
        DataError: There is no such file.
    """
    if not path.is_file():
        raise DataError(f'{path}: no such file, expected {what}; restore it, or leave out the task or the views that '
                        'need it')
    return path
