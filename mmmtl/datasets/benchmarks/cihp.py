"""CIHP: photographs of groups of people with 20 body part and clothing classes, and outlines of the people."""

from pathlib import Path

from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, Record, View
from mmmtl.datasets.split_files import check_count
from mmmtl.files.required_files import ListedFiles, required_files
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class CIHP(MultiTaskDataset):
    """Crowd Instance-level Human Parsing (Gong et al., ECCV 2018), one folder per split, in the layout of PGN.

    ::

        root/
        ├── images/NAME.jpg
        ├── labels/NAME.png      8 bit: 0 background, 1..19 body part or clothing
        └── edges/NAME.png       8 bit: 0, 1 (outlines of people); needed for the task ``edge``

    28280 training and 5000 validation images. Classes 14..19 distinguish left and right; `HumanParts` swaps them when
    an image is flipped, because their names start with "left" and "right".

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        count: Expected number of images; None skips the check.
        **kwargs: Options of `MultiTaskDataset`; labels: ``human_parts`` and ``edge``.

    Raises:
        DataError: The number of images differs from ``count``, or a label map is missing.
    """

    CLASSES = (
        'background',
        'hat',
        'hair',
        'glove',
        'sunglasses',
        'upper clothes',
        'dress',
        'coat',
        'socks',
        'pants',
        'torso skin',
        'scarf',
        'skirt',
        'face',
        'left arm',
        'right arm',
        'left leg',
        'right leg',
        'left shoe',
        'right shoe',
    )

    def __init__(self, *, root: str, count: int | None = None, **kwargs) -> None:
        self.root, self.count = data_root(root), count
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        images = required_files(self.root / 'images', '*.jpg', 'images of CIHP')
        if self.count is not None:
            check_count(len(images), self.count, self.root / 'images', partial=False)
        files = ListedFiles()
        return [self._record(image, files) for image in images]

    def _record(self, image: Path, files: ListedFiles) -> Record:
        folders = {'human_parts': ('labels', 'the parts of the image'), 'edge': ('edges', 'the edges of the image')}
        labels = {
            task: LabelFile(files.required(self.root / folder / f'{image.stem}.png', what))
            for task, (folder, what) in folders.items()
            if task in self.tasks
        }
        return Record(image.stem, (View(image, labels),))

    def __repr__(self) -> str:
        return f'CIHP({self.root})'
