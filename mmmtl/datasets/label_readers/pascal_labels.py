"""Readers of PASCAL labels in MATLAB files: edges and valid normals by PASCAL-Context, human parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmmtl.datasets.label_readers.label_images import NormalFile, class_boundaries, to_task_dtype
from mmmtl.errors import DataError
from mmmtl.files.value_table import map_values
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
    """Label reader: boundaries between classes of PASCAL-Context."""

    path: Path

    def load(self, task: Task) -> np.ndarray:
        """Return (H, W) in {0, 1}, float32 or int64, depending on the task."""
        return to_task_dtype(class_boundaries(read_label_map(self.path)), task)


@dataclass(frozen=True)
class DistilledNormals:
    """Label reader: predicted normals, kept only on valid classes of PASCAL-Context."""

    normals: NormalFile
    label_map: Path
    valid_classes: tuple[int, ...]

    @property
    def path(self) -> Path:
        """The image with the normals."""
        return self.normals.path

    @property
    def paths(self) -> tuple[Path, Path]:
        """Both files; the class map is also the label file of the edges."""
        return self.path, self.label_map

    def load(self, task: Task) -> np.ndarray:
        """Return unit vectors (H, W, 3) float32, (0, 0, 0) where unknown.

        Raises:
            DataError: A file is missing or damaged, or their sizes differ.
        """
        normal, classes = self.normals.load(task), read_label_map(self.label_map)
        if classes.shape != normal.shape[:2]:
            raise DataError(
                f'{self.path}: {normal.shape[0]} x {normal.shape[1]}, but {self.label_map} is '
                f'{classes.shape[0]} x {classes.shape[1]}; restore the file'
            )
        valid = map_values(lambda values: np.isin(values, self.valid_classes), classes)
        return cv2.copyTo(normal, valid.view(np.uint8))  # 0 elsewhere


@dataclass(frozen=True)
class HumanPartsFile:
    """Label reader of PASCAL-Part: the 24 parts of persons merged into 6."""

    path: Path

    def load(self, task: Task) -> np.ndarray:
        """Return (H, W) int64: 1..6 for parts, 0 elsewhere; all void if the image has no annotated part.

        Raises:
            DataError: The file is missing or damaged.
        """
        objects = read_objects(self.path)
        if not objects:
            raise DataError(f'{self.path}: expected at least one annotated object, found none; restore the file')
        parts = np.zeros(np.shape(objects[0]['mask']), np.int64)
        for obj in objects:
            if int(obj['class_ind']) != PERSON:
                continue
            for part in _struct_array(obj['parts']):
                name, mask = str(part['part_name']), np.asarray(part['mask'])
                if name not in PART_CLASS:
                    raise DataError(f'{self.path}: {name!r} is not one of the 24 parts of a person; restore the file')
                if mask.shape != parts.shape:
                    raise DataError(
                        f'{self.path}: mask of {name} has shape {mask.shape}, expected {parts.shape}; restore the file'
                    )
                parts[mask > 0] = PART_CLASS[name]  # later persons occlude earlier ones, as in the published code
        return to_task_dtype(parts if parts.any() else np.full_like(parts, task.void), task)


def read_label_map(path: Path) -> np.ndarray:
    """Read the classes (H, W) of PASCAL-Context, 1..459, 0 = unlabelled.

    Raises:
        DataError: The file is missing, damaged or has no class map.
    """
    label_map = read_mat(path).get('LabelMap')
    if not isinstance(label_map, np.ndarray) or label_map.ndim != 2 or label_map.dtype.kind not in 'ui':
        raise DataError(
            f'{path}: expected integers H x W in LabelMap, found {_shape_and_type(label_map)}; restore the file'
        )
    return label_map


def read_objects(path: Path) -> list[Mapping[str, Any]]:
    """Read the annotated objects of PASCAL-Part: dicts of class_ind, mask (H, W) and parts.

    Raises:
        DataError: The file is missing, damaged or has no such objects.
    """
    annotation = read_mat(path).get('anno')
    objects = _struct_array(annotation.get('objects')) if isinstance(annotation, dict) else None
    if objects is None or not all(
        isinstance(obj, dict) and {'class_ind', 'mask', 'parts'} <= set(obj) and np.ndim(obj['mask']) == 2
        for obj in objects
    ):
        raise DataError(
            f'{path}: expected anno.objects with class_ind, mask and parts, as PASCAL-Part has them; restore the file'
        )
    return objects


def _struct_array(cells: Any) -> list:
    """Return a struct array as a list; SciPy simplifies one element to a dict and none to an empty array."""
    return [cells] if isinstance(cells, dict) else list(np.atleast_1d(cells)) if cells is not None else []


def read_mat(path: Path) -> dict[str, Any]:
    """Read the variables of a MATLAB 5 file.

    Raises:
        DataError: The file is missing, truncated or of a different format.
    """
    import scipy.io  # slow to import

    try:
        with path.open('rb') as file:
            return scipy.io.loadmat(file, simplify_cells=True)
    except FileNotFoundError:
        raise DataError(f'{path}: no such file; restore it or remove it from the split') from None
    except Exception as error:  # zlib, struct, MatReadError, NotImplementedError ...
        reason = ' '.join(str(error).split())
        raise DataError(
            f'{path}: cannot be read as a MATLAB 5 file ({type(error).__name__}: {reason}); restore the file'
        ) from None


def _shape_and_type(value: Any) -> str:
    """Describe a variable by its shape and type."""
    return f'{value.shape} {value.dtype}' if isinstance(value, np.ndarray) else type(value).__name__
