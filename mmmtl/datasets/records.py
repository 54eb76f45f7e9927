"""Records: the paths of the images and labels of a scene, and its cameras."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from mmmtl.errors import ConfigError, DataError
from mmmtl.files.reading import read_array, read_indices
from mmmtl.files.reading import read_image as read_image  # re-exported for downstream projects
from mmmtl.files.value_table import map_values
from mmmtl.tasks import Task


class RegionReader(Protocol):
    """An object that reads the region map of one image."""

    @property
    def path(self) -> Path:
        """The region file."""

    def load(self) -> np.ndarray:
        """Read the map: int32 (H, W), -1 for no region."""


class LabelReader(Protocol):
    """An object that reads one label of one image; readers of hidden labels are never called.

    A reader of several files lists them in an attribute ``paths``.
    """

    @property
    def path(self) -> Path:
        """The label file."""

    def load(self, task: Task) -> np.ndarray:
        """Read the label as (H, W) or (H, W, C), in the values of the task and with its void value."""


@dataclass(frozen=True)
class LabelFile:
    """A label with value = raw * scale + offset, unknown where raw is ``void`` or the value is out of range.

    Examples: 16-bit millimetres are ``scale=1e-3, void=(0, 65535)``; classes 1..40 with 0 for unlabelled are
    ``offset=-1, void=0``; normals in an RGB image are ``scale=2 / 255, offset=-1``; metres with gaps of several kinds
    are ``void=(-1, math.nan), valid_range=(0, 100)``.

    Args:
        path: Image or array file. Classes are read by `read_indices`, quantities by `read_array`.
        scale: Factor of quantities; ignored for classes.
        offset: Value added after scaling.
        void: Raw value or values that mean "unknown"; may include NaN and infinity.
        valid_range: (min, max) of known values after scaling; values outside are unknown.

    Raises:
        ConfigError: ``valid_range`` is not ascending.
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
        """Read the label: (H, W) or (H, W, C), float32 for quantities, int64 for classes, the task's void if unknown.

        Raises:
            DataError: The file is missing or damaged, or its values do not fit the task.
        """
        raw = read_array(self.path) if task.dtype.is_floating_point else read_indices(self.path)
        self._check(raw, task)
        if raw.ndim == 2:
            label = map_values(lambda values: self._convert(values, task), raw)
        else:  # void pixels depend on all channels
            label = self._convert(raw, task)
        if task.target_channels == 1 and label.ndim == 3 and label.shape[2] == 1:
            label = label[..., 0]
        return label

    def _check(self, raw: np.ndarray, task: Task) -> None:
        """Check that the values of the file can be labels of the task.

        Raises:
            DataError: They cannot.
        """
        if not task.dtype.is_floating_point:
            if raw.dtype.kind == 'f':
                known = raw if self.void is None else np.where(is_any_of(raw, self.void), 0, raw)
                if not (np.abs(known).max(initial=0) < 2**31 and np.array_equal(known, known.round())):
                    raise DataError(
                        f'{self.path}: expected integers for {task.name}, found fractions, NaN or values beyond 2^31'
                    )
            return
        scaled = (self.scale, self.offset) != (1.0, 0.0)
        if raw.dtype.kind != 'f' and not task.allows_integers and not scaled:
            raise DataError(
                f'{self.path}: expected {task.name} as floating point, found {raw.dtype}; integers '
                'need a scale, e.g. LabelFile(path, scale=1e-3) for millimetres'
            )
        if raw.dtype == bool and scaled:
            raise DataError(
                f'{self.path}: expected {task.name} to be scaled by {self.scale:g}, found 1 bit per pixel; '
                'store it with 8 bits or more'
            )

    def _convert(self, raw: np.ndarray, task: Task) -> np.ndarray:
        """Convert raw values of any shape to those of the task."""
        if self.void is None:
            label = self._scale(raw, task)
        else:
            unknown = is_any_of(raw, self.void)
            label = self._scale(np.where(unknown, 0, raw) if raw.dtype.kind == 'f' else raw, task)
            label[unknown.all(-1) if unknown.ndim == 3 else unknown] = task.void
        if self.valid_range is not None:
            inside = (label >= self.valid_range[0]) & (label <= self.valid_range[1])  # NaN is outside
            label[~inside.all(-1) if inside.ndim == 3 else ~inside] = task.void
        return label

    def _scale(self, raw: np.ndarray, task: Task) -> np.ndarray:
        if not task.dtype.is_floating_point:
            return raw.astype(np.int64) + int(self.offset)
        label = raw.astype(np.float32, copy=False)  # raw belongs to this reader
        if (self.scale, self.offset) != (1.0, 0.0):
            label *= np.float32(self.scale)
            label += np.float32(self.offset)
        return label


def is_any_of(raw: np.ndarray, values: float | Sequence[float]) -> np.ndarray:
    """Return a bool mask of the elements that equal one of the values; NaN equals NaN."""
    found = np.zeros(raw.shape, bool)
    for value in values if isinstance(values, Sequence) else (values,):
        found |= np.isnan(raw) if np.isnan(value) else raw == value
    return found


@dataclass(frozen=True)
class View:
    """One image of a scene with the readers of its labels and, if known, its camera.

    Args:
        image: Image file.
        labels: ``{task: reader}``.
        intrinsics: (3, 3) in pixels, with pixel centres at +0.5.
        camera_T_world: Pose (4, 4) in metres.
        instances: Instance map of the image, if the dataset has one.
        regions: Reader of the region map, if the dataset was built with ``regions``.
    """

    image: Path
    labels: Mapping[str, LabelReader] = field(default_factory=dict)
    intrinsics: np.ndarray | None = None
    camera_T_world: np.ndarray | None = None  # noqa: N815  target_T_source
    instances: Path | None = None
    regions: RegionReader | None = None


@dataclass(frozen=True)
class Record:
    """One sample: a single view, or several views of the same place.

    Args:
        name: Name that is unique in the dataset.
        views: The views.
        scene: Records with the same scene show the same place, so `HoldOutSplit` keeps them together; the name of the
            record if empty.
    """

    name: str
    views: tuple[View, ...]
    scene: str = ''

    def label_names(self) -> set[str]:
        """Return the tasks for which at least one view has a label."""
        return {name for view in self.views for name in view.labels}

    def files(self, tasks: Collection[str]) -> list[Path]:
        """Return the image files, the label files of ``tasks`` and the region files, without duplicates."""
        labels = [
            path
            for view in self.views
            for name, reader in view.labels.items()
            if name in tasks
            for path in getattr(reader, 'paths', (reader.path,))
        ]
        regions = [view.regions.path for view in self.views if view.regions is not None]
        return list(dict.fromkeys([view.image for view in self.views] + labels + regions))


def scene_records(name: str, views: tuple[View, ...], view_mode: str) -> list[Record]:
    """Group the views of a scene into records.

    ``'all'``: one record with all views; ``'single'``: one record per view; ``'stereo'``: one record per pair of views
    2i and 2i + 1.
    """
    if view_mode == 'all':
        return [Record(name, views)]
    if view_mode == 'stereo':
        return [Record(f'{name}/{pair}', views[2 * pair : 2 * pair + 2], name) for pair in range(len(views) // 2)]
    return [Record(f'{name}/{index}', (view,), name) for index, view in enumerate(views)]
