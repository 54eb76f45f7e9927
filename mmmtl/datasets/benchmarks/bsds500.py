"""BSDS500: natural images whose boundaries several people have drawn."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, Record, View
from mmmtl.datasets.split_files import check_count, check_split
from mmmtl.errors import DataError
from mmmtl.files.required_files import required_file, required_files
from mmmtl.registry import DATASETS
from mmmtl.tasks import Task

COUNTS = {'train': 200, 'val': 100, 'test': 200}
MOST_ANNOTATORS = 9  # of any image


@DATASETS.register_module()
class BSDS500(MultiTaskDataset):
    """The official files (Arbelaez, Maire, Fowlkes, Malik, TPAMI 2011): 321 x 481 or 481 x 321, 4 to 9 annotators each.

    ::

        root/
        ├── images/train/ID.jpg           and val/, test/
        └── groundTruth/train/ID.mat      groundTruth, a cell of annotators, each with Boundaries and Segmentation

    The label is the share of the annotators who drew a boundary at the pixel; where the task `Edge` has
    ``annotators=9``, as the benchmark of the data set wants it, every annotator's own map.

    Args:
        root: The folder ``BSDS500/data`` of the archive; relative names are also looked for under the environment
            variable ``MMMTL_DATA``.
        split: ``'train'`` (200), ``'val'`` (100) or ``'test'`` (200).
        partial: Only a part of the split is there, and that is meant.
        kwargs: Those of `MultiTaskDataset`; knows ``edge``.

    Raises:
        DataError: The number of images is not the published one, or the annotators' file is missing.
    """

    def __init__(self, *, root: str, split: str, partial: bool = False, **kwargs) -> None:
        self.root, self.split, self.partial = data_root(root), check_split('BSDS500', split, COUNTS), partial
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        folder = self.root / 'images' / self.split
        images = required_files(folder, '*.jpg', 'images of BSDS500')
        check_count(len(images), COUNTS[self.split], folder, self.partial)
        truth = self.root / 'groundTruth' / self.split
        return [
            Record(
                image.stem,
                (
                    View(
                        image,
                        {
                            'edge': AnnotatedBoundaries(
                                required_file(truth / f'{image.stem}.mat', "the annotators' boundaries")
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
    """BSDS500 at two thirds of its size with the annotators merged into one map: quick, and no benchmark.

    ::

        root/
        ├── train/ID.jpg, ID.png      200 images, 216 x 320 or 320 x 216, and the share of annotators, 0..255
        └── val/                      100

    ``mmmtl convert-dataset bsds500`` makes it of the official files. A score on a merged map must not be called
    odsF of BSDS500.

    Args:
        root: The folder; relative names are also looked for under the environment variable ``MMMTL_DATA``.
        split: ``'train'`` (200), ``'val'`` (100) or ``'test'`` (200).
        partial: Only a part of the split is there, and that is meant.
        kwargs: Those of `MultiTaskDataset`; knows ``edge``.

    Raises:
        DataError: The number of images is not the published one, or a map is missing.
    """

    def __init__(self, *, root: str, split: str, partial: bool = False, **kwargs) -> None:
        self.root, self.split, self.partial = data_root(root), check_split('BSDS500Fractions', split, COUNTS), partial
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        folder = self.root / self.split
        images = required_files(folder, '*.jpg', 'images of BSDS500')
        check_count(len(images), COUNTS[self.split], folder, self.partial)
        return [
            Record(
                image.stem,
                (
                    View(
                        image,
                        {
                            'edge': LabelFile(
                                required_file(image.with_suffix('.png'), 'the share of annotators'), scale=1 / 255
                            )
                        },
                    ),
                ),
            )
            for image in images
        ]

    def __repr__(self) -> str:
        return f'BSDS500Shares({self.root}, {self.split})'


@dataclass(frozen=True)
class AnnotatedBoundaries:
    """The boundaries of all annotators of an image, in the official ``.mat`` file."""

    path: Path

    def load(self, task: Task) -> np.ndarray:
        """(H, W) float32, the share of annotators who drew a boundary; or (H, W, A) where the task keeps A apart.

        Raises:
            DataError: The file is damaged, or has more annotators than the task keeps apart.
        """
        maps = self.annotators()
        if task.target_channels == 1:
            return maps.mean(0, dtype=np.float32)
        if len(maps) > task.target_channels:
            raise DataError(
                f'{self.path}: {len(maps)} annotators, but {task.name} keeps {task.target_channels} apart; '
                f'set its annotators to {MOST_ANNOTATORS}'
            )
        label = np.full((*maps.shape[1:], task.target_channels), task.void, np.float32)
        label[..., : len(maps)] = maps.transpose(1, 2, 0)
        return label

    def annotators(self) -> np.ndarray:
        """(A, H, W) bool, one map per annotator.

        Raises:
            DataError: The file is missing, damaged or holds something else.
        """
        import scipy.io  # slow to import

        try:
            cell = scipy.io.loadmat(self.path, variable_names=['groundTruth'])['groundTruth'].ravel()
            maps = [np.asarray(entry['Boundaries'][0, 0]) for entry in cell]
        except FileNotFoundError:
            raise DataError(f'{self.path}: no such file; restore it or remove it from the split') from None
        except Exception as error:  # scipy has many ways to say "damaged"
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
