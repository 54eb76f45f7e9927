"""Unpack the files that a dataset reads from the official zip archives, optionally at a smaller size."""

import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.linked_folders import files_below
from mmmtl.files.output_folder import Output, folder

JPEG_QUALITY = 90
MAX_MEMBER_BYTES = 2**28  # bytes of a member; images, arrays and camera files of the official archives are far smaller


def find_archives(source: Path) -> list[Path]:
    """Return the zip archives below a folder; if ``source`` is a file, only this one.

    Raises:
        DataError: There is none.
    """
    archives = [source] if source.is_file() else list(files_below(source, '.zip'))
    if not archives:
        raise DataError(f'{source}: no zip archive; give the folder with the downloaded archives, or one of them')
    return archives


def unpack(archives: Sequence[Path], output: Output, path_of: Callable[[str], str | None]) -> None:
    """Unpack members of archives; existing files of the right size are kept.

    Args:
        archives: Zip archives.
        output: Folder to fill.
        path_of: Returns the path below the folder for the name of a member, None for members that are not needed.

    Raises:
        DataError: An archive is damaged, one of its members is too large, or no archive contains a required file.
    """
    found = 0
    for path in archives:
        try:
            with zipfile.ZipFile(path) as archive:
                members = [member for member in archive.infolist() if not member.is_dir()]
                wanted = [(member, name) for member in members if (name := path_of(member.filename))]
                found += len(wanted)
                check_members(path, [member for member, _ in wanted])
                for member, name in output.progress(wanted, path.name):
                    target = output.root / name
                    if target.is_file() and target.stat().st_size == member.file_size:
                        output.kept[folder(name)] += 1
                    else:
                        output.write(name, archive.read(member))  # compares the checksum of the archive
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # RuntimeError: encrypted
            raise DataError(f'{path}: cannot be unpacked ({error}); download it again') from None
    if not found:
        raise DataError(
            f'{", ".join(map(str, archives))}: no file of this dataset; give the archives named in the help of this '
            'command'
        )


def check_members(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    """Check the sizes that an archive states for its members.

    Raises:
        DataError: A member is larger than any file of a dataset.
    """
    large = next((member for member in members if member.file_size > MAX_MEMBER_BYTES), None)
    if large:
        raise DataError(
            f'{path}: {large.filename} unpacks to {large.file_size} bytes, expected at most {MAX_MEMBER_BYTES}; '
            'download the archive again'
        )


def shrink(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize an image to a smaller size (H, W); each pixel is the mean over its area."""
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)


def subsample_label(label: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a label map to a smaller size (H, W); each pixel has the value at its upper left corner."""
    return cv2.resize(label, size[::-1], interpolation=cv2.INTER_NEAREST)


def jpeg(image: np.ndarray) -> bytes:
    """Encode an image (H, W, 3) uint8 RGB as JPEG."""
    return cv2.imencode('.jpg', image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
