"""Convert nyu_depth_v2_labeled.mat to the NYUv2 folders that the benchmarks read.

The result differs from the published archives: the crop of MTAN's archive is unpublished, and SAK's archive has normals
and edges from other sources. Scores on it are not comparable with published ones.

``mmmtl convert-dataset nyuv2 --help`` describes the source and the result.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from scipy.ndimage import distance_transform_edt

from mmmtl.datasets import NYUv2
from mmmtl.datasets.benchmarks.nyu_classes import (
    CLASSES_40,
    FORTY_TO_THIRTEEN,
    SIZE,
    VALID_LEFT,
    VALID_SIZE,
    VALID_TOP,
    valid_intrinsics,
)
from mmmtl.datasets.label_readers.label_images import NormalFile, class_boundaries
from mmmtl.datasets.label_readers.pascal_labels import read_mat
from mmmtl.errors import DataError
from mmmtl.extras import import_extra
from mmmtl.files.linked_folders import files_below
from mmmtl.files.output_folder import Output, existing
from mmmtl.geometry import normals_from_depth
from mmmtl.tasks import Normal

if TYPE_CHECKING:
    import h5py

MAX_GAP = 8  # pixels to the nearest label; the annotators left gaps of a few pixels between objects
SENSOR_RADIUS = 6  # pixels, radius of the window for fitting normals, see normals_from_depth
VALID = np.s_[VALID_TOP : VALID_TOP + VALID_SIZE[0], VALID_LEFT : VALID_LEFT + VALID_SIZE[1]]


class Frames:
    """The labelled frames, numbered from 1 as in the toolbox, read on demand and cropped to the valid area.

    Args:
        path: nyu_depth_v2_labeled.mat.
        classes40: classMapping40.mat, which maps the raw classes to 40.
        normals: Folder of normal maps with the frame number as name; None to derive normals from depth.
        signs: Signs of x, y and z in the normal maps.

    Raises:
        MissingExtraError: h5py is not installed.
        DataError: A file is missing, damaged or of a different format.
    """

    def __init__(self, path: Path, classes40: Path, normals: Path | None, signs: Sequence[int]) -> None:
        h5py = import_extra('h5py', 'reading nyu_depth_v2_labeled.mat')
        try:
            self.file = h5py.File(existing(path, 'nyu_depth_v2_labeled.mat'), 'r')
        except OSError as error:
            raise DataError(f'{path}: cannot be read as a MATLAB 7.3 file ({error}); download it again') from None
        for name, kind in (('images', 'u'), ('depths', 'f'), ('labels', 'u'), ('instances', 'u'), ('names', 'O')):
            if name not in self.file or self.file[name].dtype.kind != kind:
                raise DataError(f'{path}: no valid entry {name!r}; download nyu_depth_v2_labeled.mat again')
        if self.file['labels'].shape[1:] != SIZE[::-1]:
            raise DataError(f'{path}: expected frames of 480 x 640, found labels of shape {self.file["labels"].shape}')
        self.count = len(self.file['labels'])
        self.to_forty = class_table(read_names(self.file), classes40)
        self.normal_files = files_by_number(normals) if normals else None
        x, y, z = signs
        self.signs = (x, y, z)

    def image(self, frame: int) -> np.ndarray:
        """Return the image (425, 560, 3) uint8 RGB of a frame."""
        return self.file['images'][frame - 1].transpose(2, 1, 0)[VALID]

    def depth(self, frame: int) -> np.ndarray:
        """Return the in-painted depth (425, 560) float32 in metres of a frame."""
        return self.file['depths'][frame - 1].T[VALID].astype(np.float32)

    def classes(self, frame: int) -> np.ndarray:
        """Return the classes (425, 560) uint8 of a frame: 1..40, 0 for unlabelled pixels."""
        return self.to_forty[self.file['labels'][frame - 1].T[VALID]]

    def edges(self, frame: int) -> np.ndarray:
        """Return the boundaries (425, 560) bool between classes or instances; unlabelled gaps are closed first."""
        labels, instances = (self.file[name][frame - 1].T[VALID].astype(np.int64) for name in ('labels', 'instances'))
        segments = labels * (instances.max() + 1) + instances
        distance, nearest_label = distance_transform_edt(labels == 0, return_indices=True)
        return class_boundaries(np.where(distance <= MAX_GAP, segments[tuple(nearest_label)], 0))

    def normal(self, frame: int) -> np.ndarray:
        """Return unit normals (425, 560, 3) float32 facing the camera; (0, 0, 0) where they are unknown.

        Raises:
            DataError: The normal map of the frame is missing or has a different size.
        """
        if self.normal_files is None:
            depth, camera = torch.from_numpy(self.depth(frame))[None, None], torch.from_numpy(valid_intrinsics())[None]
            return normals_from_depth(depth, camera.float(), radius=SENSOR_RADIUS)[0].permute(1, 2, 0).numpy()
        if frame not in self.normal_files:
            raise DataError(f'frame {frame} has no normal map; add it, or omit --normals to derive normals from depth')
        normal = NormalFile(self.normal_files[frame], self.signs).load(Normal('normal'))
        if normal.shape[:2] != SIZE:
            raise DataError(
                f'{self.normal_files[frame]}: expected 480 x 640, found {normal.shape[0]} x {normal.shape[1]}'
            )
        return normal[VALID]


def read_names(file: 'h5py.File') -> list[str]:
    """Return the names of the 894 raw classes; MATLAB 7.3 stores each as a reference to an array of characters."""
    return [''.join(map(chr, file[reference][()].ravel())) for reference in file['names'][()].ravel()]


def class_table(names: Sequence[str], classes40: Path) -> np.ndarray:
    """Return a table (1 + len(names),) uint8 from raw labels to 1..40; 0 stays 0.

    Classes are matched by name, so the order of the names in the two files does not matter.

    Raises:
        DataError: The file has a different format, or a class is not in it.
    """
    mapping = read_mat(classes40)
    if not {'allClassName', 'mapClass', 'className'} <= set(mapping) or len(mapping['className']) != len(CLASSES_40):
        raise DataError(
            f'{classes40}: expected allClassName, mapClass and 40 names in className; use classMapping40.mat'
        )
    forty = dict(zip(map(str, mapping['allClassName']), mapping['mapClass'].tolist(), strict=True))
    unknown = [name for name in names if name not in forty]
    if unknown:
        raise DataError(
            f'{classes40}: {len(unknown)} of the raw classes are missing, the first is {unknown[0]!r}; '
            'use classMapping40.mat'
        )
    return np.array([0, *(forty[name] for name in names)], np.uint8)


def files_by_number(folder: Path) -> dict[int, Path]:
    """Return frame number -> PNG file in the folder or below it.

    Raises:
        DataError: There is none.
    """
    found = {
        int(path.stem): path
        for path in files_below(existing(folder, 'the folder of normal maps'), '.png')
        if path.stem.isdecimal()
    }
    if not found:
        raise DataError(f'{folder}: no PNG files that are named by frame number; expected 0001.png and so on')
    return found


def read_splits(path: Path, count: int) -> dict[str, list[int]]:
    """Return split -> frame numbers in ascending order, from 1.

    Raises:
        DataError: The file has a different format, or the splits do not partition the ``count`` frames.
    """
    mat = read_mat(path)
    if not {'trainNdxs', 'testNdxs'} <= set(mat):
        raise DataError(f'{path}: expected trainNdxs and testNdxs; use splits.mat of the toolbox')
    splits = {
        name: np.sort(np.atleast_1d(mat[key])).tolist() for name, key in (('train', 'trainNdxs'), ('val', 'testNdxs'))
    }
    both = sorted(splits['train'] + splits['val'])
    if both != list(range(1, count + 1)):
        raise DataError(
            f'{path}: has {len(both)} frames, but nyu_depth_v2_labeled.mat has {count}, each of which must be in one '
            'of the splits'
        )
    return splits


def write_nyuv2_mtan(frames: Frames, splits: dict[str, list[int]], output: Output) -> None:
    """Write the layout of MTAN: 288 x 384 ``.npy`` files, 13 classes from 0, -1 for unlabelled pixels."""
    for split, numbers in splits.items():
        for index, frame in enumerate(output.progress(numbers, split)):
            names = {kind: f'{split}/{kind}/{index}.npy' for kind in ('image', 'label', 'depth', 'normal')}
            if output.has(*names.values()):
                continue
            image = cv2.resize(frames.image(frame), NYUv2.SIZE[::-1], interpolation=cv2.INTER_AREA)
            output.write(names['image'], image.astype(np.float32) / 255)
            output.write(names['label'], _nearest(FORTY_TO_THIRTEEN[frames.classes(frame)]).astype(np.float32) - 1)
            output.write(names['depth'], _nearest(frames.depth(frame))[..., None])
            output.write(names['normal'], _nearest(frames.normal(frame)))
        output.write(f'{split}/frames.txt', numbers)
    scale = np.array([[NYUv2.SIZE[1] / VALID_SIZE[1]], [NYUv2.SIZE[0] / VALID_SIZE[0]], [1]])
    output.write('camera.txt', [' '.join(f'{value:.9g}' for value in row) for row in valid_intrinsics() * scale])


def write_sak(frames: Frames, splits: dict[str, list[int]], output: Output) -> None:
    """Write the layout of SAK: 425 x 560 PNG and ``.npy`` files, 40 classes from 1, 0 for unlabelled pixels."""
    for split, numbers in splits.items():
        for frame in output.progress(numbers, split):
            names = {
                kind: f'{kind}/{frame:04d}.{"npy" if kind == "depth" else "png"}'
                for kind in ('images', 'segmentation', 'depth', 'normals', 'edge')
            }
            if output.has(*names.values()):
                continue
            output.write(names['images'], np.ascontiguousarray(frames.image(frame)))
            output.write(names['segmentation'], frames.classes(frame))
            output.write(names['depth'], frames.depth(frame))
            output.write(names['normals'], np.round(127.5 * (frames.normal(frame) + 1)).astype(np.uint8))
            output.write(names['edge'], frames.edges(frame).astype(np.uint8) * 255)
        output.write(f'gt_sets/{split}.txt', [f'{frame:04d}' for frame in numbers])


def _nearest(values: np.ndarray) -> np.ndarray:
    """Resize a map to 288 x 384 with nearest-neighbour interpolation."""
    return cv2.resize(values, NYUv2.SIZE[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
