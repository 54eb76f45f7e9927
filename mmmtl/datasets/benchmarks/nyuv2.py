"""NYUv2 with 13 classes, as MTAN published it."""

from pathlib import Path

from mmmtl.datasets.benchmarks.nyu_classes import CLASSES_13
from mmmtl.datasets.label_readers.label_images import NormalFile
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, LabelReader, Record, View
from mmmtl.datasets.split_files import check_count, check_split, files_in, of_the_split
from mmmtl.errors import DataError
from mmmtl.files.reading import read_array
from mmmtl.files.text_files import load_numbers
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class NYUv2(MultiTaskDataset):
    """795 training and 654 validation images, 288 x 384, with semseg (13 classes), depth and normals.

    ::

        root/
        ├── train/                  0.npy ... 794.npy in each folder
        │   ├── image/              (288, 384, 3) float, RGB in [0, 1]
        │   ├── label/              (288, 384) float, 0..12, -1 unlabelled
        │   ├── depth/              (288, 384, 1) float, metres, 0 = missing
        │   └── normal/             (288, 384, 3) float, unit vectors, (0, 0, 0) = missing
        ├── val/                    likewise, 0.npy ... 653.npy
        └── camera.txt              3 x 3 intrinsics of these images, pixel centres at +0.5; only where they are known

    The published archive (Liu, Johns, Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019) has no
    ``camera.txt``: its images were cut by an unstated border before they were resized. Ours is written by
    ``mmmtl convert-dataset nyuv2``.

    Args:
        root: The folder; relative names are also looked for under the environment variable ``MMMTL_DATA``.
        split: ``'train'`` or ``'val'``.
        partial: The folder holds a part of the split: do not check the count, leave out labels that are not there.
        normal_signs: Factors that take the axes of the normals to x right, y down, z forward. Learning and its measures
            do not need it, pictures and other views do; ``check_dataset.py`` tells whether normals face the camera.
        kwargs: ``tasks``, ``pipeline``, ``label_setting`` of `MultiTaskDataset`.

    Raises:
        DataError: Files are missing, or the images have another size.
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
        images = files_in(folder / 'image', '.npy')
        strange = [path for stem, path in images.items() if not stem.isdecimal()]
        if strange:
            raise DataError(f'{strange[0]}: expected names 0.npy, 1.npy ...; remove the file')
        names = sorted(images, key=int)
        check_count(len(names), self.COUNTS[self.split], folder / 'image', self.partial)
        if names:
            check_size(images[names[0]], self.SIZE)
        sources: dict[str, dict[str, Path]] = {
            task: of_the_split(names, files_in(folder / where, '.npy'), folder / where, self.partial)
            for task, where in (('semseg', 'label'), ('depth', 'depth'), ('normal', 'normal'))
            if task in self.tasks
        }
        camera = self.root / 'camera.txt'
        intrinsics = None
        if camera.exists():
            intrinsics = load_numbers(camera, columns=3)
            self.checksums.verify(camera)
        return [
            Record(f'{self.split}/{name}', (View(images[name], self._labels(name, sources), intrinsics),))
            for name in names
        ]

    def _labels(self, name: str, sources: dict[str, dict[str, Path]]) -> dict[str, LabelReader]:
        open_with = {
            'semseg': lambda path: LabelFile(path, void=-1),
            'depth': LabelFile,
            'normal': lambda path: NormalFile(path, self.normal_signs),
        }
        return {task: open_with[task](files[name]) for task, files in sources.items() if name in files}

    def __repr__(self) -> str:
        return f'NYUv2({self.root}, {self.split})'


def check_size(path: Path, size: tuple[int, int]) -> None:
    """
    Raises:
        DataError: The image has not the published size.
    """
    shape = read_array(path).shape
    if shape[:2] != size:
        raise DataError(
            f'{path}: expected {size[0]} x {size[1]} x 3, found shape {shape}; resized images are another protocol'
        )
