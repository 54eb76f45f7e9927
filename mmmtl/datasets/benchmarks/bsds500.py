"""BSDS500: natural images with boundaries drawn by several annotators."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, Record, View
from mmmtl.datasets.split_files import check_count, check_split
from mmmtl.errors import DataError
from mmmtl.files.required_files import ListedFiles, required_files
from mmmtl.registry import DATASETS
from mmmtl.tasks import Task

COUNTS = {'train': 200, 'val': 100, 'test': 200}
MAX_ANNOTATORS = 9  # per image


@DATASETS.register_module()
class BSDS500(MultiTaskDataset):
    """BSDS500 (Arbelaez, Maire, Fowlkes, Malik, TPAMI 2011) in its official files.

    200 training, 100 validation and 200 test images of 321 x 481 or 481 x 321 pixels, each with 4 to 9 annotators.

    ::

        root/
        ├── images/train/ID.jpg           and val/, test/
        └── groundTruth/train/ID.mat      groundTruth: cell array of annotators with Boundaries, Segmentation

    The label ``edge`` is the fraction of annotators who drew a boundary at a pixel. If the task `Edge` has
    ``annotators=9``, which the official benchmark needs, the label has one map per annotator.

    Args:
        root: The folder ``BSDS500/data`` of the archive; a relative path is first looked up under the environment
            variable ``MMMTL_DATA``.
        split: ``'train'`` (200), ``'val'`` (100) or ``'test'`` (200).
        partial: Accept a folder with a part of the split.
        **kwargs: Options of `MultiTaskDataset`; labels: ``edge``.

    Raises:
        DataError: The number of images differs from the published one, or an annotation file is missing.
    """

    def __init__(self, *, root: str, split: str, partial: bool = False, **kwargs) -> None:
        self.root, self.split, self.partial = data_root(root), check_split('BSDS500', split, COUNTS), partial
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        folder = self.root / 'images' / self.split
        images = required_files(folder, '*.jpg', 'images of BSDS500')
        check_count(len(images), COUNTS[self.split], folder, self.partial)
        truth = self.root / 'groundTruth' / self.split
        files = ListedFiles()
        return [
            Record(
                image.stem,
                (
                    View(
                        image,
                        {
                            'edge': AnnotatedBoundaries(
                                files.required(truth / f'{image.stem}.mat', "the annotators' boundaries")
                            )
                        },
                    ),
                ),
            )
            for image in images
        ]

    def __repr__(self) -> str:
        return f'BSDS500({self.root}, {self.split})'


@DATASETS.register_module()
class BSDS500Fractions(MultiTaskDataset):
    """BSDS500 at two thirds of its size, with the annotators averaged to one map: fast, but not a benchmark.

    ::

        root/
        ├── train/ID.jpg, ID.png      200 images, 216 x 320 or 320 x 216, and the fraction of annotators * 255
        ├── val/                      100
        └── test/                     200

    ``mmmtl convert-dataset bsds500`` creates it from the official files. Scores on averaged maps are not the
    odsF of BSDS500.

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        split: ``'train'`` (200), ``'val'`` (100) or ``'test'`` (200).
        partial: Accept a folder with a part of the split.
        **kwargs: Options of `MultiTaskDataset`; labels: ``edge``.

    Raises:
        DataError: The number of images differs from the published one, or a map is missing.
    """

    def __init__(self, *, root: str, split: str, partial: bool = False, **kwargs) -> None:
        self.root, self.split, self.partial = data_root(root), check_split('BSDS500Fractions', split, COUNTS), partial
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        folder = self.root / self.split
        images = required_files(folder, '*.jpg', 'images of BSDS500')
        check_count(len(images), COUNTS[self.split], folder, self.partial)
        files = ListedFiles()
        return [
            Record(
                image.stem,
                (
                    View(
                        image,
                        {
                            'edge': LabelFile(
                                files.required(image.with_suffix('.png'), 'the fraction of annotators'), scale=1 / 255
                            )
                        },
                    ),
                ),
            )
            for image in images
        ]

    def __repr__(self) -> str:
        return f'BSDS500Fractions({self.root}, {self.split})'


@dataclass(frozen=True)
class AnnotatedBoundaries:
    """Label reader of the official ``.mat`` file with the boundaries of all annotators of an image."""

    path: Path

    def load(self, task: Task) -> np.ndarray:
        """Return the boundaries as float32.

        (H, W): fraction of annotators, in [0, 1]; or (H, W, A) in {0, 1} if the task has A annotators, void for those
        that the file lacks.

        Raises:
            DataError: The file is damaged, or has more annotators than the task.
        """
        maps = self.annotators()
        if task.target_channels == 1:
            return maps.mean(0, dtype=np.float32)
        if len(maps) > task.target_channels:
            raise DataError(
                f'{self.path}: {len(maps)} annotators, but {task.name} has {task.target_channels}; '
                f'set its option annotators to {MAX_ANNOTATORS}'
            )
        label = np.full((*maps.shape[1:], task.target_channels), task.void, np.float32)
        label[..., : len(maps)] = maps.transpose(1, 2, 0)
        return label

    def annotators(self) -> np.ndarray:
        """Return (A, H, W) bool, one map per annotator.

        Raises:
            DataError: The file is missing, damaged or of a different format.
        """
        import scipy.io  # slow to import

        try:
            cells = scipy.io.loadmat(self.path, variable_names=['groundTruth'])['groundTruth'].ravel()
            maps = [np.asarray(entry['Boundaries'][0, 0]) for entry in cells]
        except FileNotFoundError:
            raise DataError(f'{self.path}: no such file; restore it or remove it from the split') from None
        except Exception as error:  # scipy raises many types for damaged files
            raise DataError(
                f"{self.path}: expected BSDS500's groundTruth ({type(error).__name__}: {error}); restore the file"
            ) from None
        shapes = {values.shape for values in maps}
        if not maps or len(shapes) != 1 or maps[0].ndim != 2:
            raise DataError(
                f'{self.path}: expected annotators with maps of one size, found {sorted(shapes)}; restore the file'
            )
        if any(values.dtype.kind not in 'biu' or values.max() > 1 for values in maps):
            raise DataError(f'{self.path}: expected boundaries of 0 and 1, found something else; restore the file')
        return np.stack(maps) > 0
