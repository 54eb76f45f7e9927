"""The kinds of labels that `FolderDataset` reads, each with its options and the tasks that it fits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmmtl.datasets.label_readers.class_files import ClassColourFile
from mmmtl.datasets.label_readers.disparity_files import DepthFromDisparity
from mmmtl.datasets.label_readers.label_images import BinaryMaskFile, NormalFile
from mmmtl.datasets.records import LabelFile, LabelReader
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.class_table import read_class_table
from mmmtl.tasks import Disparity, Task


@dataclass(frozen=True)
class DepthFile(LabelFile):
    """Label reader of depth; a file with 8 bits per pixel, as visualizations have, raises an error."""

    def _check(self, raw: np.ndarray, task: Task) -> None:
        if raw.dtype in (np.uint8, bool) or raw.ndim != 2:
            raise DataError(
                f'{self.path}: expected depth as H x W in 16 bits or floating point, found {raw.dtype} of shape '
                f'{raw.shape}, which is a visualization rather than depth; export the depth itself'
            )
        super()._check(raw, task)


@dataclass(frozen=True)
class DisparityOfFocalLength:
    """Label reader of the task `Disparity`: baseline / depth, from a disparity file."""

    depth: DepthFromDisparity

    @property
    def path(self) -> Path:
        """The disparity file."""
        return self.depth.path

    def load(self, task: Task) -> np.ndarray:
        """Return (H, W) float32 in focal lengths, the task's void where unknown."""
        depth = self.depth.load(task)
        known = depth != task.void
        return np.where(known, self.depth.baseline / np.where(known, depth, 1), task.void).astype(np.float32)


@dataclass(frozen=True)
class LabelKind:
    """One way to store labels.

    Args:
        spaces: Values of `Task.loss_space` of the tasks that have such labels.
        reader: Function of a path and the options that returns the reader of a file.
        required: Options that have no default.
        optional: Options that have one.
    """

    spaces: tuple[str, ...]
    reader: Callable[..., LabelReader]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


KINDS = {
    'classes': LabelKind(('classes',), LabelFile, optional=('void', 'offset')),
    'colours': LabelKind(('classes',), ClassColourFile, required=('table',)),
    'binary': LabelKind(('classes', 'fractions'), BinaryMaskFile, optional=('void',)),
    'edges': LabelKind(('fractions',), partial(LabelFile, scale=1 / 255), optional=('void', 'scale')),
    'depth': LabelKind(('positive',), DepthFile, optional=('scale', 'void', 'valid_range')),
    'disparity': LabelKind(
        ('positive',),
        DepthFromDisparity,
        required=('focal', 'baseline'),
        optional=('scale', 'offset', 'shift', 'void', 'far'),
    ),
    'normals': LabelKind(('directions',), NormalFile, optional=('signs',)),
    'values': LabelKind(
        ('values', 'positive', 'directions', 'classes', 'fractions'),
        LabelFile,
        optional=('scale', 'offset', 'void', 'valid_range'),
    ),
}
OF_FOLDERS = ('folder', 'suffix', 'kind')  # options of every kind


def folder_reader(
    name: str, task: Task, options: Mapping[str, Any], root: Path, where: str
) -> Callable[[Path], LabelReader]:
    """Return the function that turns a label file of one task into its reader.

    Args:
        name: Name of the task.
        task: The task.
        options: ``folder``, ``suffix``, ``kind`` and the options of this kind.
        root: Folder to which the path of a colour table is relative.
        where: Path of ``options`` in the config, for messages.

    Raises:
        ConfigError: The kind or an option is unknown, an option is missing, or the kind does not fit the task.
        DataError: A colour table cannot be read.
    """
    kind = KINDS.get(options.get('kind', ''))
    if kind is None:
        raise ConfigError(f'{where}.kind must be one of {", ".join(KINDS)}, found {options.get("kind")!r}')
    if task.loss_space not in kind.spaces or (options['kind'] == 'binary' and task.channels > 2):
        fitting = [other for other, value in KINDS.items() if task.loss_space in value.spaces]
        raise ConfigError(
            f'{where}.kind: {options["kind"]!r} does not fit the task {name} ({type(task).__name__}); kinds that may '
            f'fit are {", ".join(fitting)}'
        )
    for key in options:
        if key not in (*OF_FOLDERS, *kind.required, *kind.optional):
            known = ', '.join((*OF_FOLDERS, *kind.required, *kind.optional))
            raise ConfigError(f'{where}.{key}: labels of kind {options["kind"]!r} have no such option, but {known}')
    missing = [key for key in kind.required if key not in options]
    if missing:
        raise ConfigError(f'{where}.{missing[0]}: labels of kind {options["kind"]!r} need it; add the option')
    arguments = {key: _immutable(value) for key, value in options.items() if key not in OF_FOLDERS}
    if options['kind'] == 'colours':
        arguments = {'classes': _colours(root / options['table'], task, where)}
    reader = partial(kind.reader, **arguments)
    if options['kind'] == 'disparity' and isinstance(task, Disparity):
        return lambda path: DisparityOfFocalLength(DepthFromDisparity(path, **arguments))
    return reader


def _immutable(value: Any) -> Any:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _colours(path: Path, task: Task, where: str) -> dict[tuple[int, int, int], int | None]:
    """Return the class of each colour of a table, whose classes must be those of the task."""
    table = read_class_table(path)
    if not table.colours:
        raise DataError(f'{path}: expected lines NAME,RED,GREEN,BLUE, found names only; add the colours')
    classes = getattr(task, 'classes', None)
    if classes is not None and tuple(classes) != table.names:
        raise ConfigError(
            f'{where}.table: {path} has the classes {", ".join(table.names)}, but the task has {", ".join(classes)}; '
            "set the task's classes to this file"
        )
    return table.index_of_colour()
