"""PASCAL's labels in MATLAB files: boundaries and valid normals from the Context maps, human parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmmtl.datasets.label_readers.label_images import NormalFile, boundaries, in_dtype
from mmmtl.errors import DataError
from mmmtl.tasks import Task
from mmmtl.tasks.human_parts import PARTS

PERSON = 15  # class_ind of persons in PASCAL-Part
_MEMBERS = {
    'head': ('head', 'hair', 'leye', 'reye', 'lebrow', 'rebrow', 'lear', 'rear', 'nose', 'mouth'),
    'torso': ('torso', 'neck'),
    'upper arm': ('luarm', 'ruarm'),
    'lower arm': ('llarm', 'rlarm', 'lhand', 'rhand'),
    'upper leg': ('luleg', 'ruleg'),
    'lower leg': ('llleg', 'rlleg', 'lfoot', 'rfoot'),
}
PART_CLASS = {name: PARTS.index(part) for part, names in _MEMBERS.items() for name in names}  # 24 names -> 1..6


@dataclass(frozen=True)
class ContextEdges:
    """Where classes of the Context map meet."""

    path: Path

    def load(self, task: Task) -> np.ndarray:
        return in_dtype(boundaries(read_label_map(self.path)), task)


@dataclass(frozen=True)
class DistilledNormals:
    """Normals that a network predicted, kept only where the Context map shows a class that NYU has too."""

    normals: NormalFile
    label_map: Path
    valid_classes: tuple[int, ...]

    @property
    def path(self) -> Path:
        """The picture with the normals."""
        return self.normals.path

    @property
    def paths(self) -> tuple[Path, Path]:
        """That and the Context map, whose boundaries are the label of another task."""
        return self.path, self.label_map

    def load(self, task: Task) -> np.ndarray:
        normal, classes = self.normals.load(task), read_label_map(self.label_map)
        if classes.shape != normal.shape[:2]:
            raise DataError(
                f'{self.path}: {normal.shape[0]} x {normal.shape[1]}, but {self.label_map} is '
                f'{classes.shape[0]} x {classes.shape[1]}; restore the file'
            )
        return np.where(np.isin(classes, self.valid_classes)[..., None], normal, np.float32(0))


@dataclass(frozen=True)
class HumanPartsFile:
    """PASCAL-Part of one image: the 24 parts of persons as 6, 0 elsewhere; all void where no part is annotated."""

    path: Path

    def load(self, task: Task) -> np.ndarray:
        objects = read_objects(self.path)
        if not objects:
            raise DataError(f'{self.path}: expected at least one annotated object, found none; restore the file')
        parts = np.zeros(np.shape(objects[0]['mask']), np.int64)
        for thing in objects:
            if int(thing['class_ind']) != PERSON:
                continue
            for part in as_list(thing['parts']):
                name, mask = str(part['part_name']), np.asarray(part['mask'])
                if name not in PART_CLASS:
                    raise DataError(f'{self.path}: {name!r} is none of the 24 parts of a person; restore the file')
                if mask.shape != parts.shape:
                    raise DataError(
                        f'{self.path}: mask of {name} has shape {mask.shape}, expected {parts.shape}; restore the file'
                    )
                parts[mask > 0] = PART_CLASS[name]  # later persons stand in front, as in the published code
        return in_dtype(parts if parts.any() else np.full_like(parts, task.void), task)


def read_label_map(path: Path) -> np.ndarray:
    """(H, W) classes of PASCAL-Context, 1..459, 0 unlabelled."""
    label_map = read_mat(path).get('LabelMap')
    if not isinstance(label_map, np.ndarray) or label_map.ndim != 2 or label_map.dtype.kind not in 'ui':
        raise DataError(
            f'{path}: expected whole numbers H x W in LabelMap, found {describe(label_map)}; restore the file'
        )
    return label_map


def read_objects(path: Path) -> list[Mapping[str, Any]]:
    """The annotated objects of PASCAL-Part: dicts of class_ind, mask (H, W) and parts."""
    annotation = read_mat(path).get('anno')
    objects = as_list(annotation.get('objects')) if isinstance(annotation, dict) else None
    if objects is None or not all(
        isinstance(thing, dict) and {'class_ind', 'mask', 'parts'} <= set(thing) and np.ndim(thing['mask']) == 2
        for thing in objects
    ):
        raise DataError(
            f'{path}: expected anno.objects with class_ind, mask and parts, as PASCAL-Part has them; restore the file'
        )
    return objects


def as_list(cells: Any) -> list:
    """A struct array as SciPy simplifies it: a dict where it has one element, an empty array where it has none."""
    return [cells] if isinstance(cells, dict) else list(np.atleast_1d(cells)) if cells is not None else []


def read_mat(path: Path) -> dict[str, Any]:
    """The variables of a MATLAB file of version 5.

    Raises:
        DataError: The file is missing, cut off or of another format.
    """
    import scipy.io  # slow to import

    try:
        with path.open('rb') as file:
            return scipy.io.loadmat(file, simplify_cells=True)
    except FileNotFoundError:
        raise DataError(f'{path}: no such file; restore it or remove it from the split') from None
    except Exception as error:  # zlib, struct, MatReadError, NotImplementedError: each has its own way to say "damaged"
        reason = ' '.join(str(error).split())
        raise DataError(
            f'{path}: cannot be read as a MATLAB 5 file ({type(error).__name__}: {reason}); restore the file'
        ) from None


def describe(value: Any) -> str:
    """What a variable is, in a few words."""
    return f'{value.shape} {value.dtype}' if isinstance(value, np.ndarray) else type(value).__name__
