"""NYUv2 with 13 classes, as published with MTAN."""

from collections.abc import Callable
from pathlib import Path

from mmmtl.datasets.benchmarks.nyu_classes import CLASSES_13
from mmmtl.datasets.label_readers.label_images import NormalFile
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, LabelReader, Record, View
from mmmtl.datasets.split_files import check_count, check_split, files_by_stem, files_of_split
from mmmtl.errors import DataError
from mmmtl.files.reading import read_array
from mmmtl.files.text_files import read_intrinsics_file
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class NYUv2(MultiTaskDataset):
    """NYUv2 (Silberman et al., ECCV 2012) in the arrays of MTAN: semseg (13 classes), depth and normals.

    795 training and 654 validation images of 288 x 384 pixels.

    ::

        root/
        ├── train/                  0.npy ... 794.npy in each folder
        │   ├── image/              (288, 384, 3) float, RGB in [0, 1]
        │   ├── label/              (288, 384) float, 0..12, -1 unlabelled
        │   ├── depth/              (288, 384, 1) float, metres, 0 = missing
        │   └── normal/             (288, 384, 3) float, unit vectors, (0, 0, 0) = missing
        ├── val/                    likewise, 0.npy ... 653.npy
        └── camera.txt              3 x 3 intrinsics of these images, pixel centres at +0.5; optional

    The published archive (Liu, Johns, Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019) has no
    ``camera.txt``: its images were cropped by an unknown border before they were resized. The output of
    ``mmmtl convert-dataset nyuv2`` has one.

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        split: ``'train'`` or ``'val'``.
        partial: Accept a folder with a part of the split, and skip missing labels.
        normal_signs: Signs that convert the normals to x right, y down, z forward. Training and metrics do not depend
            on them, but visualizations and losses between views do; ``mmmtl check-data`` reports whether normals face
            the camera.
        **kwargs: Options of `MultiTaskDataset`.

    Raises:
        DataError: Files are missing, or the image size differs.
    """

    CLASSES = CLASSES_13
    SIZE = (288, 384)
    COUNTS = {'train': 795, 'val': 654}

    def __init__(
        self, *, root: str, split: str, partial: bool = False, normal_signs: tuple[int, int, int] = (1, 1, 1), **kwargs
    ) -> None:
        self.root, self.split = data_root(root), check_split('NYUv2', split)
        self.partial, self.normal_signs = partial, tuple(normal_signs)
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        folder = self.root / self.split
        images = files_by_stem(folder / 'image', '.npy')
        unexpected = [path for stem, path in images.items() if not stem.isdecimal()]
        if unexpected:
            raise DataError(f'{unexpected[0]}: expected names 0.npy, 1.npy ...; remove the file')
        names = sorted(images, key=int)
        check_count(len(names), self.COUNTS[self.split], folder / 'image', self.partial)
        if names:
            _check_size(images[names[0]], self.SIZE)
        files: dict[str, dict[str, Path]] = {
            task: files_of_split(names, files_by_stem(folder / where, '.npy'), folder / where, self.partial)
            for task, where in (('semseg', 'label'), ('depth', 'depth'), ('normal', 'normal'))
            if task in self.tasks
        }
        camera = self.root / 'camera.txt'
        intrinsics = None
        if camera.exists():
            intrinsics = read_intrinsics_file(camera)
            self.checksums.verify(camera)
        return [
            Record(f'{self.split}/{name}', (View(images[name], self._labels(name, files), intrinsics),))
            for name in names
        ]

    def _labels(self, name: str, files: dict[str, dict[str, Path]]) -> dict[str, LabelReader]:
        readers: dict[str, Callable[[Path], LabelReader]] = {
            'semseg': lambda path: LabelFile(path, void=-1),
            'depth': LabelFile,
            'normal': lambda path: NormalFile(path, self.normal_signs),
        }
        return {task: readers[task](paths[name]) for task, paths in files.items() if name in paths}

    def __repr__(self) -> str:
        return f'NYUv2({self.root}, {self.split})'


def _check_size(path: Path, size: tuple[int, int]) -> None:
    """Check the size of an image.

    Raises:
        DataError: The size differs from the published one.
    """
    shape = read_array(path).shape
    if shape[:2] != size:
        raise DataError(
            f'{path}: expected {size[0]} x {size[1]} x 3, found shape {shape}; resized images do not match the protocol'
        )
