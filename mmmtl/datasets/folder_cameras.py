"""Intrinsics and poses of the images of a folder, from text files."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.stems import files_by_relative_stem
from mmmtl.files.text_files import read_intrinsics_file, read_matrix

Matrix = np.ndarray


class FolderCameras:
    """The cameras of the images of a folder, by the name of the image.

    Args:
        root: Folder to which the paths are relative.
        intrinsics: File of 3 x 3 intrinsics, or folder with a file NAME.txt per image; None if they are unknown.
        poses: Folder with a file NAME.txt per image, 3 x 4 or 4 x 4; None if they are unknown.

    Raises:
        DataError: The file or folder is missing, or a file has a different format.
    """

    def __init__(self, root: Path, intrinsics: str | None = None, poses: str | None = None) -> None:
        self.shared: Path | None = None
        self.intrinsics: dict[str, Path] = {}
        if intrinsics is not None:
            path = root / intrinsics
            if path.is_dir():
                self.intrinsics = _text_files(path, 'intrinsics')
            else:
                self.shared = path
        self.poses = {} if poses is None else _text_files(root / poses, 'poses')
        self.matrix = None if self.shared is None else read_intrinsics_file(self.shared)

    def check_names(self, images: Mapping[str, Path]) -> None:
        """Check that every file belongs to an image.

        Raises:
            DataError: A file does not.
        """
        for files in (self.intrinsics, self.poses):
            stray = next((name for name in files if name not in images), None)
            if stray is not None:
                raise DataError(f'{files[stray]}: there is no image {stray}; restore it, or remove the file')

    def of(self, name: str) -> tuple[Matrix | None, Matrix | None]:
        """Return the intrinsics (3, 3) and the pose (4, 4) of an image, each None if unknown."""
        intrinsics = read_intrinsics_file(self.intrinsics[name]) if name in self.intrinsics else self.matrix
        return intrinsics, read_pose_file(self.poses[name]) if name in self.poses else None

    def files(self, names: Iterable[str]) -> list[Path]:
        """Return the files of some images."""
        found = [files[name] for name in names for files in (self.intrinsics, self.poses) if name in files]
        return [*found, *([self.shared] if self.shared else [])]


def read_pose_file(path: Path) -> Matrix:
    """Read a pose, 3 x 4 or 4 x 4, as (4, 4).

    Raises:
        DataError: The file is missing, or does not hold such finite numbers.
    """
    matrix = read_matrix(path, columns=4)
    if matrix.shape not in ((3, 4), (4, 4)):
        raise DataError(f'{path}: expected a pose of 3 or 4 rows, found {matrix.shape[0]}; correct the file')
    last_row = [0.0, 0.0, 0.0, 1.0]
    if matrix[3:].tolist() not in ([], [last_row]):
        raise DataError(f'{path}: the last row of a pose is 0 0 0 1, found {matrix[3].tolist()}; correct the file')
    return np.vstack([matrix[:3], last_row])


def _text_files(folder: Path, what: str) -> dict[str, Path]:
    files = files_by_relative_stem(folder, '.txt')
    if not files:
        raise DataError(f'{folder}: found no {what} (NAME.txt); correct the option {what}, or remove it')
    return files
