"""A record: where the files of one scene lie, nothing opened yet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from mmmtl.errors import DataError
from mmmtl.tasks import Task


class RegionSource(Protocol):
    """Anything that yields a region map, int32 (H, W) with -1 for no region."""

    path: Path

    def load(self) -> np.ndarray:
        """The map."""


class LabelSource(Protocol):
    """Anything that yields a label when it is asked to; what is hidden is never asked.

    One that is made of several files names them all in ``paths``.
    """

    path: Path

    def load(self, task: Task) -> np.ndarray:
        """The label (H, W) or (H, W, C) in the task's own values and void."""


@dataclass(frozen=True)
class LabelFile:
    """A label in a file: value = raw * scale + offset, and unknown where raw equals ``void``.

    E.g. 16-bit millimetres are ``scale=1e-3, void=0``; classes 1..40 with 0 unlabelled are ``offset=-1, void=0``;
    normals in an RGB picture are ``scale=2 / 255, offset=-1``.
    """

    path: Path
    scale: float = 1.0
    offset: float = 0.0
    void: float | None = None

    def load(self, task: Task) -> np.ndarray:
        raw = read_array(self.path)
        if task.dtype.is_floating_point:
            if raw.dtype.kind != 'f' and not task.whole_numbers and (self.scale, self.offset) == (1.0, 0.0):
                raise DataError(f'{self.path}: expected {task.name} as floating point, found {raw.dtype}; whole '
                                'numbers need a scale, e.g. LabelFile(path, scale=1e-3) for millimetres')
            label = raw.astype(np.float32)
            if (self.scale, self.offset) != (1.0, 0.0):
                label = label * np.float32(self.scale) + np.float32(self.offset)
        else:
            if raw.dtype.kind == 'f' and not (np.abs(raw).max(initial=0) < 2**31 and np.array_equal(raw, raw.round())):
                raise DataError(f'{self.path}: expected whole numbers for {task.name}, found fractions, NaN or values '
                                'beyond 2^31')
            label = raw.astype(np.int64) + int(self.offset)
        if self.void is not None:
            unknown = raw == self.void
            label[unknown.all(-1) if unknown.ndim == 3 else unknown] = task.void
        if task.target_channels == 1 and label.ndim == 3 and label.shape[2] == 1:
            label = label[..., 0]
        return label


@dataclass(frozen=True)
class View:
    """One image of a scene, the sources of its labels, and its camera if it is known.

    ``intrinsics`` (3, 3) in pixels with centres at +0.5; ``camera_T_world`` (4, 4), metres. ``instances`` is a picture
    that numbers the things in the image, where the data set has one; ``regions`` is what is opened, if asked for.
    """

    image: Path
    labels: Mapping[str, LabelSource] = field(default_factory=dict)
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
        labels = [path for view in self.views for name, source in view.labels.items() if name in tasks
                  for path in getattr(source, 'paths', (source.path,))]
        regions = [view.regions.path for view in self.views if view.regions is not None]
        return list(dict.fromkeys([view.image for view in self.views] + labels + regions))


def scene_records(name: str, views: tuple[View, ...], how: str) -> list[Record]:
    """A scene as records: ``'all'`` its views in one, ``'single'`` each alone, ``'stereo'`` 2i and 2i + 1 together."""
    if how == 'all':
        return [Record(name, views)]
    if how == 'stereo':
        return [Record(f'{name}/{pair}', views[2 * pair:2 * pair + 2], name) for pair in range(len(views) // 2)]
    return [Record(f'{name}/{number}', (view,), name) for number, view in enumerate(views)]


def read_image(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB; float arrays in [0, 1] are scaled to 255.

    Raises:
        DataError: The file is missing, cut off or no image.
    """
    image = read_array(path, colour=True)
    if image.dtype.kind == 'f':
        if not np.isfinite(image).all() or image.min() < 0 or image.max() > 1:
            raise DataError(f'{path}: expected colours in [0, 1], found values outside or NaN')
        image = (image * 255).round().astype(np.uint8)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise DataError(f'{path}: expected an RGB image H x W x 3 of 8 bits, found {image.shape} {image.dtype}')
    return image


def read_array(path: Path, colour: bool = False) -> np.ndarray:
    """The array in a picture, a ``.pfm``, an ``.npy`` or an ``.npz`` of one array; with ``colour`` pictures become RGB.

    Pillow reads the pictures because it refuses a file that is cut off, where OpenCV fills the rest with grey.

    Raises:
        DataError: The file is missing, cut off or of another format.
    """
    try:
        array = _open_array(path, colour)
    except FileNotFoundError:
        raise DataError(f'{path}: no such file; restore it or remove it from the split') from None
    except Exception as error:  # zlib, zipfile, struct, Pillow: each has its own way to say "damaged"
        raise DataError(f'{path}: cannot be read ({type(error).__name__}: {error}); restore the file') from error
    if array.dtype.kind not in 'biuf':
        raise DataError(f'{path}: expected numbers, found dtype {array.dtype}')
    return array


def _open_array(path: Path, colour: bool) -> np.ndarray:
    if path.suffix == '.npy':
        return np.load(path, allow_pickle=False)
    if path.suffix == '.npz':
        with np.load(path, allow_pickle=False) as arrays:
            if len(arrays.files) != 1:
                raise ValueError(f'expected one array, found {", ".join(arrays.files) or "none"}')
            return arrays[arrays.files[0]]
    if path.suffix == '.pfm':
        return read_pfm(path.read_bytes())
    with Image.open(path) as picture:
        if colour and picture.mode[0] in 'IF':  # Pillow would turn all that is above 255 white
            raise ValueError(f'expected colours of 8 bits, found a picture of mode {picture.mode}')
        return np.array(picture.convert('RGB') if colour else picture)


def read_pfm(content: bytes) -> np.ndarray:
    """A grey portable float map -> (H, W) float32; its rows go from the bottom to the top."""
    kind, size, scale, values = content.split(b'\n', 3)
    if kind.strip() != b'Pf':
        raise ValueError(f'expected a grey float map (Pf), found {kind[:10]!r}')
    width, height = (int(number) for number in size.split())
    order = '<' if float(scale) < 0 else '>'
    return np.frombuffer(values, f'{order}f4').reshape(height, width)[::-1].astype(np.float32)
