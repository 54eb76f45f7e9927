"""A record: where the files of one scene lie, nothing opened yet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from mmmtl.errors import ConfigError, DataError
from mmmtl.files.reading import read_array, read_indices
from mmmtl.files.reading import read_image as read_image  # found here by projects downstream
from mmmtl.tasks import Task


class RegionSource(Protocol):
    """Anything that yields a region map, int32 (H, W) with -1 for no region."""

    path: Path

    def load(self) -> np.ndarray:
        """The map."""


class LabelReader(Protocol):
    """Anything that yields a label when it is asked to; what is hidden is never asked.

    One that is made of several files names them all in ``paths``.
    """

    path: Path

    def load(self, task: Task) -> np.ndarray:
        """The label (H, W) or (H, W, C) in the task's own values and void."""


@dataclass(frozen=True)
class LabelFile:
    """A label in a file: value = raw * scale + offset, and unknown where raw is ``void`` or value out of range.

    E.g. 16-bit millimetres are ``scale=1e-3, void=(0, 65535)``; classes 1..40 with 0 unlabelled are ``offset=-1,
    void=0``; normals in an RGB picture are ``scale=2 / 255, offset=-1``; metres with gaps of any kind are ``void=(-1,
    math.nan), valid_range=(0, 100)``.

    Args:
        path: Of a picture or an array. Classes are read by index, quantities as they are stored (`read_indices`,
            `read_array`).
        scale: Of quantities.
        offset: Added after scaling.
        void: The raw number, or numbers, that stand for "unknown"; NaN and infinity may be among them.
        valid_range: (lowest, highest) value that is known, after scaling; all that is outside is unknown.
    """

    path: Path
    scale: float = 1.0
    offset: float = 0.0
    void: float | Sequence[float] | None = None
    valid_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.valid_range is not None and not self.valid_range[0] < self.valid_range[1]:
            raise ConfigError(f'{self.path}: expected valid_range=(lowest, highest), found {self.valid_range}')

    def load(self, task: Task) -> np.ndarray:
        raw = read_array(self.path) if task.dtype.is_floating_point else read_indices(self.path)
        if self.void is None:
            label = self._values(raw, task)
        else:
            unknown = is_any_of(raw, self.void)
            label = self._values(np.where(unknown, 0, raw) if raw.dtype.kind == 'f' else raw, task)
            label[unknown.all(-1) if unknown.ndim == 3 else unknown] = task.void
        if self.valid_range is not None:
            inside = (label >= self.valid_range[0]) & (label <= self.valid_range[1])  # NaN is outside
            label[~inside.all(-1) if inside.ndim == 3 else ~inside] = task.void
        if task.target_channels == 1 and label.ndim == 3 and label.shape[2] == 1:
            label = label[..., 0]
        return label

    def _values(self, raw: np.ndarray, task: Task) -> np.ndarray:
        scaled = (self.scale, self.offset) != (1.0, 0.0)
        if not task.dtype.is_floating_point:
            if raw.dtype.kind == 'f' and not (np.abs(raw).max(initial=0) < 2**31 and np.array_equal(raw, raw.round())):
                raise DataError(
                    f'{self.path}: expected whole numbers for {task.name}, found fractions, NaN or values beyond 2^31'
                )
            return raw.astype(np.int64) + int(self.offset)
        if raw.dtype.kind != 'f' and not task.allows_integers and not scaled:
            raise DataError(
                f'{self.path}: expected {task.name} as floating point, found {raw.dtype}; whole '
                'numbers need a scale, e.g. LabelFile(path, scale=1e-3) for millimetres'
            )
        if raw.dtype == bool and scaled:
            raise DataError(
                f'{self.path}: expected {task.name} to be scaled by {self.scale:g}, found 1 bit per pixel; '
                'store it with 8 bits or more'
            )
        label = raw.astype(np.float32)
        return label * np.float32(self.scale) + np.float32(self.offset) if scaled else label


def is_any_of(raw: np.ndarray, values: float | Sequence[float]) -> np.ndarray:
    """Where an array holds one of the values, NaN included. Bool of its shape."""
    found = np.zeros(raw.shape, bool)
    for value in values if isinstance(values, Sequence) else (values,):
        found |= np.isnan(raw) if np.isnan(value) else raw == value
    return found


@dataclass(frozen=True)
class View:
    """One image of a scene, the sources of its labels, and its camera if it is known.

    ``intrinsics`` (3, 3) in pixels with centres at +0.5; ``camera_T_world`` (4, 4), metres. ``instances`` is a picture
    that numbers the things in the image, where the data set has one; ``regions`` is what is opened, if asked for.
    """

    image: Path
    labels: Mapping[str, LabelReader] = field(default_factory=dict)
    intrinsics: np.ndarray | None = None
    camera_T_world: np.ndarray | None = None  # noqa: N815  frames meet in the name
    instances: Path | None = None
    regions: RegionSource | None = None


@dataclass(frozen=True)
class Record:
    """A scene as one sample: one view, or several of the same place.

    Records of one ``scene`` show the same place, so they stay together when a split is cut; it is the record's name
    where it is not given.
    """

    name: str
    views: tuple[View, ...]
    scene: str = ''

    def label_names(self) -> set[str]:
        """Tasks for which at least one view has a label."""
        return {name for view in self.views for name in view.labels}

    def files(self, tasks: Collection[str]) -> list[Path]:
        """The images, the files of the labels of ``tasks`` and those of regions, each once."""
        labels = [
            path
            for view in self.views
            for name, source in view.labels.items()
            if name in tasks
            for path in getattr(source, 'paths', (source.path,))
        ]
        regions = [view.regions.path for view in self.views if view.regions is not None]
        return list(dict.fromkeys([view.image for view in self.views] + labels + regions))


def scene_records(name: str, views: tuple[View, ...], how: str) -> list[Record]:
    """A scene as records: ``'all'`` its views in one, ``'single'`` each alone, ``'stereo'`` 2i and 2i + 1 together."""
    if how == 'all':
        return [Record(name, views)]
    if how == 'stereo':
        return [Record(f'{name}/{pair}', views[2 * pair : 2 * pair + 2], name) for pair in range(len(views) // 2)]
    return [Record(f'{name}/{number}', (view,), name) for number, view in enumerate(views)]
