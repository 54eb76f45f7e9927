"""Find the images that a user names: files, folders, glob patterns, list files and videos."""

import glob
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

import numpy as np

from mmmtl.errors import DataError
from mmmtl.files.reading import read_image
from mmmtl.files.text_files import read_lines
from mmmtl.predictions.input_images import list_images
from mmmtl.predictions.video_frames import VIDEO_SUFFIXES, Video

LIST_SUFFIX = '.txt'


@dataclass(frozen=True)
class SourceImage:
    """An image to predict.

    Args:
        name: Name of its files in the output folder; it may have folders, as in ``'clip.mp4/000012'``.
        file: The file that it comes from.
        read: Reads it as (H, W, 3) uint8 RGB; raises DataError if it cannot be read.
    """

    name: str
    file: Path
    read: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Source:
    """An image file or a video.

    Args:
        file: Path of the file.
        name: Its name in the output folder.
        frame_step: One frame in ``frame_step`` of a video is used.
    """

    file: Path
    name: str
    frame_step: int = 1

    @property
    def is_video(self) -> bool:
        """Whether this is a video, by its suffix."""
        return self.file.suffix.lower() in VIDEO_SUFFIXES

    def count(self) -> int:
        """Return the number of images; 0 if a video cannot be read or does not state it."""
        try:
            return len(Video(self.file, self.frame_step)) if self.is_video else 1
        except DataError:
            return 0

    def images(self) -> Iterator[SourceImage]:
        """Yield the images.

        Raises:
            DataError: A video cannot be read, or ends too early.
        """
        if not self.is_video:
            yield SourceImage(self.name, self.file, partial(read_image, self.file))
            return
        for index, decode in Video(self.file, self.frame_step):
            yield SourceImage(f'{self.name}/{index:06d}', self.file, decode)


def find_sources(arguments: Sequence[str], frame_step: int = 1, out: Path | None = None) -> list[Source]:
    """Return the images and videos that arguments name, in their order.

    An argument is an image, a video, a folder of images, a glob pattern (``**`` for all folders below), or a text file
    with the path of an image or video per line, relative to the folder of the text file. Images from patterns and lists
    keep their folders below the fixed part of the pattern or the folder of the list in their names.

    Args:
        arguments: The arguments.
        frame_step: One frame in ``frame_step`` of a video is used.
        out: Folder of the results. Files that a pattern matches there are skipped if they are the results of another
            image, so that a pattern may cover the folder of the results.

    Raises:
        DataError: A folder has no image, a pattern matches no file, a list is empty or not a text file, or two images
            have the same name.
    """
    found = {argument: _expand(argument, frame_step) for argument in arguments}
    if out is not None:
        names = {source.name for sources in found.values() for source in sources}
        for argument in filter(_is_pattern, found):
            found[argument] = [source for source in found[argument] if not _is_result(source.file, out, names)]
    sources = [source for argument in arguments for source in found[argument]]
    counts = Counter(source.name for source in sources)
    duplicate = next((source for source in reversed(sources) if counts[source.name] > 1), None)
    if duplicate:
        raise DataError(f'{duplicate.file}: another image has the same name; predict them into two folders: --out')
    return sources


def _expand(argument: str, frame_step: int) -> list[Source]:
    path = Path(argument)
    if path.is_dir():
        return [Source(file, file.name, frame_step) for file in list_images(path)]
    if path.suffix.lower() == LIST_SUFFIX:
        return [Source(path.parent / line, _name_below(line), frame_step) for line in _lines(path)]
    if not _is_pattern(argument):
        return [Source(path, path.name, frame_step)]
    root = Path(*_fixed_part(path.parts))
    files = [Path(found) for found in sorted(glob.glob(argument, recursive=True)) if Path(found).is_file()]
    if not files:
        raise DataError(f'{argument}: no file matches this pattern')
    return [Source(file, file.relative_to(root).as_posix(), frame_step) for file in files]


def _is_pattern(argument: str) -> bool:
    return glob.has_magic(argument) and not Path(argument).exists() and Path(argument).suffix.lower() != LIST_SUFFIX


def _is_result(file: Path, out: Path, names: Collection[str]) -> bool:
    """Return whether a file lies where a result of one of the images is written: ``OUT/NAME.SUFFIX``, or in a video's.

    Args:
        file: The file.
        out: Folder of the results.
        names: Names of the images and videos.
    """
    try:
        path = PurePath(file.absolute().relative_to(out.absolute()))
    except ValueError:
        return False
    parts = path.name.split('.')
    stems = (path.with_name('.'.join(parts[:count])) for count in range(2, len(parts)))
    return any(candidate.as_posix() in names for candidate in (*stems, *path.parents))


def _lines(path: Path) -> list[str]:
    try:
        lines = [*read_lines(path).values()]
    except FileNotFoundError:
        raise DataError(f'{path}: no such file; check the path') from None
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: expected a path of an image per line ({error})') from None
    if not lines:
        raise DataError(f'{path}: the list is empty; write the path of an image on each line')
    return lines


def _fixed_part(parts: Sequence[str]) -> Sequence[str]:
    """Return the folders of a pattern before the first one with a wildcard."""
    wild = next((index for index, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    return parts[: min(wild, len(parts) - 1)]


def _name_below(line: str) -> str:
    """Return a path of a list as a name below the output folder: without folders if it leads out of it."""
    path = PurePath(line)
    return path.name if path.is_absolute() or '..' in path.parts else path.as_posix()
