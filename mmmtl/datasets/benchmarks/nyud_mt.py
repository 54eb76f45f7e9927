"""NYUD-v2 with 40 classes and four tasks, as used by ATRC, InvPT and SAK."""

from pathlib import Path

from mmmtl.datasets.benchmarks.nyu_classes import CLASSES_40, VALID_SIZE, valid_intrinsics
from mmmtl.datasets.label_readers.label_images import BinaryMaskFile, NormalFile
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, LabelReader, Record, View
from mmmtl.datasets.split_files import check_count, check_split, files_by_stem, files_of_split, read_split
from mmmtl.errors import DataError
from mmmtl.files.reading import read_image
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class NYUDMT(MultiTaskDataset):
    """NYUD-v2 (Silberman et al., ECCV 2012) with semseg (40 classes), depth, normals and edges.

    795 training and 654 validation images of 425 x 560 pixels.

    ::

        NYUDv2/
        ├── images/*.png            RGB, 8 bits
        ├── segmentation/*.png      0 = unlabelled, 1..40
        ├── depth/*.npy             float, metres, 0 = missing
        ├── normals/*.png           RGB, n = 2 v / 255 - 1; grey = missing
        ├── edge/*.png              0 or 255
        └── gt_sets/{train,val}.txt one name per line

    The images are rows 45-469 and columns 40-599 of the 480 x 640 originals, so the intrinsics are known. Grey normals
    are void; the published code trains and evaluates on them as if they were normals.

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        split: ``'train'`` or ``'val'``.
        partial: Accept a folder with a part of the split, and skip missing files.
        normal_signs: Signs that convert the normals to x right, y down, z forward. Training and metrics do not depend
            on them, but visualizations and losses between views do; ``mmmtl check-data`` reports whether normals face
            the camera.
        **kwargs: Options of `MultiTaskDataset`.

    Raises:
        DataError: Files are missing, or the image size differs.
    """

    CLASSES = CLASSES_40
    COUNTS = {'train': 795, 'val': 654}
    FOLDERS = {
        'semseg': ('segmentation', '.png'),
        'depth': ('depth', '.npy'),
        'normal': ('normals', '.png'),
        'edge': ('edge', '.png'),
    }

    def __init__(
        self, *, root: str, split: str, partial: bool = False, normal_signs: tuple[int, int, int] = (1, 1, 1), **kwargs
    ) -> None:
        self.root, self.split = data_root(root), check_split('NYUDMT', split)
        self.partial, self.normal_signs = partial, tuple(normal_signs)
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        split_file = self.root / 'gt_sets' / f'{self.split}.txt'
        listed = read_split(split_file)
        self.checksums.verify(split_file)
        check_count(len(listed), self.COUNTS[self.split], split_file, self.partial)
        folder = self.root / 'images'
        images = files_of_split(listed, files_by_stem(folder, '.png'), folder, self.partial)
        for path in list(images.values())[:1]:
            if (shape := read_image(path).shape)[:2] != VALID_SIZE:
                raise DataError(
                    f'{path}: expected 425 x 560 x 3, found shape {shape}; other sizes do not match the protocol'
                )
        sources: dict[str, dict[str, LabelReader]] = {}
        for task, (where, suffix) in self.FOLDERS.items():
            if task in self.tasks:
                files = files_of_split(
                    images, files_by_stem(self.root / where, suffix), self.root / where, self.partial
                )
                sources[task] = {name: self._source(task, path) for name, path in files.items()}
        return [
            Record(
                name,
                (
                    View(
                        path,
                        {task: known[name] for task, known in sources.items() if name in known},
                        valid_intrinsics(),
                    ),
                ),
            )
            for name, path in images.items()
        ]

    def _source(self, task: str, path: Path) -> LabelReader:
        if task == 'semseg':
            return LabelFile(path, offset=-1, void=0)
        if task == 'normal':
            return NormalFile(path, self.normal_signs)
        return LabelFile(path) if task == 'depth' else BinaryMaskFile(path)

    def __repr__(self) -> str:
        return f'NYUDMT({self.root}, {self.split})'
