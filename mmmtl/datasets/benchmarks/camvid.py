"""CamVid: street scenes with 11 classes."""

from pathlib import Path

from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, Record, View
from mmmtl.datasets.split_files import check_count, check_split
from mmmtl.files.required_files import ListedFiles, required_files
from mmmtl.registry import DATASETS

COUNTS = {'train': 367, 'val': 101, 'test': 233}
VOID = 11


@DATASETS.register_module()
class CamVid(MultiTaskDataset):
    """CamVid (Brostow et al., ECCV 2008) with the splits and 11 classes of SegNet (Badrinarayanan et al., TPAMI 2017).

    367 training, 101 validation and 233 test images.

    ::

        root/
        ├── train/NAME.jpg, NAME.png      367 images (.jpg) and label maps (.png, 8 bit: 0..10, 11 = void)
        ├── val/                          101
        └── test/                         233, may be missing

    ``mmmtl convert-dataset camvid`` creates it from the official files. Records follow the order of the video.
    Validation frames lie between frames of other splits, so validation scores overestimate the quality on new streets.

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        split: ``'train'``, ``'val'`` or ``'test'``.
        partial: Accept a folder with a part of the split.
        **kwargs: Options of `MultiTaskDataset`; labels: ``semseg``.

    Raises:
        DataError: The number of images differs from the published one, or a label map is missing.
    """

    CLASSES = ('sky', 'building', 'pole', 'road', 'pavement', 'tree', 'sign', 'fence', 'car', 'pedestrian', 'bicyclist')
    PALETTE = (
        (128, 128, 128),
        (128, 0, 0),
        (192, 192, 128),
        (128, 64, 128),
        (0, 0, 192),
        (128, 128, 0),
        (192, 128, 128),
        (64, 64, 128),
        (64, 0, 128),
        (64, 64, 0),
        (0, 128, 192),
    )

    def __init__(self, *, root: str, split: str, partial: bool = False, **kwargs) -> None:
        self.root, self.split, self.partial = data_root(root), check_split('CamVid', split, COUNTS), partial
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        folder = self.root / self.split
        images = required_files(folder, '*.jpg', 'images of CamVid')
        check_count(len(images), COUNTS[self.split], folder, self.partial)
        files = ListedFiles()
        return [self._record(image, files) for image in images]

    @staticmethod
    def _record(image: Path, files: ListedFiles) -> Record:
        label = LabelFile(files.required(image.with_suffix('.png'), 'the label map of the image'), void=VOID)
        return Record(image.stem, (View(image, {'semseg': label}),))

    def __repr__(self) -> str:
        return f'CamVid({self.root}, {self.split})'
