"""PASCAL-Context with five tasks, as ASTMT assembled it and InvPT and SAK use it."""

import json
from pathlib import Path

from mmmtl.datasets.label_readers.label_images import BinaryPicture, NormalFile
from mmmtl.datasets.label_readers.pascal_labels import PARTS, PERSON, ContextEdges, DistilledNormals, HumanPartsFile
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, LabelReader, Record, View
from mmmtl.datasets.split_files import check_count, check_split, files_in, of_the_split, read_split
from mmmtl.errors import DataError
from mmmtl.files.text_files import read_text
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class PascalContext(MultiTaskDataset):
    """4998 training and 5105 validation images with semseg (21 classes), human parts (7), saliency, normals and edges.

    ::

        PASCALContext/
        ├── JPEGImages/*.jpg
        ├── semseg/VOC12/*.png              0..20, 255 = void; preferred
        ├── semseg/pascal-context/*.png     likewise, for images that VOC 2012 did not label
        ├── human_parts/*.mat               PASCAL-Part, 24 parts of persons, merged to 6
        ├── pascal-context/trainval/*.mat   LabelMap, 459 classes: edges, and where normals hold
        ├── sal_distill/*.png               salient above half of 255
        ├── normals_distill/*.png           n = 2 v / 255 - 1
        ├── json/nyu_classes.json           names of NYU's classes
        ├── json/context_classes.json       {name: class in LabelMap}
        └── ImageSets/
            ├── Context/{train,val}.txt     one name in each line
            └── Parts/{train,val}.txt       JSON {name: class of each object}; optional, made by the converter

    Saliency and normals are predictions of networks. Normals hold only on classes that NYU has too, and on tvmonitor.
    An image without an annotated human part is void in human_parts.

    Args:
        root: The folder; relative names are also looked for under the environment variable ``MMMTL_DATA``.
        split: ``'train'`` or ``'val'``.
        partial: The folder holds a part of the split: leave out what is not there instead of stopping.
        normal_signs: Factors that take the axes of the normals to x right, y down, z forward. Learning and its measures
            do not need it, pictures and other views do; ``check_dataset.py`` tells whether normals face the camera.
        kwargs: ``tasks``, ``pipeline``, ``label_setting`` of `MultiTaskDataset`; only files of these tasks are needed.

    Raises:
        DataError: Files are missing or damaged.
    """

    CLASSES = (
        'background',
        'aeroplane',
        'bicycle',
        'bird',
        'boat',
        'bottle',
        'bus',
        'car',
        'cat',
        'chair',
        'cow',
        'diningtable',
        'dog',
        'horse',
        'motorbike',
        'person',
        'pottedplant',
        'sheep',
        'sofa',
        'train',
        'tvmonitor',
    )
    PARTS = PARTS
    COUNTS = {'train': 4998, 'val': 5105}

    def __init__(
        self, *, root: str, split: str, partial: bool = False, normal_signs: tuple[int, int, int] = (1, 1, 1), **kwargs
    ) -> None:
        self.root, self.split = data_root(root), check_split('PascalContext', split)
        self.partial, self.normal_signs = partial, tuple(normal_signs)
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        split_file = self.root / 'ImageSets' / 'Context' / f'{self.split}.txt'
        listed = read_split(split_file)
        self.checksums.verify(split_file)
        check_count(len(listed), self.COUNTS[self.split], split_file, self.partial)
        images = self._files(listed, 'JPEGImages', '.jpg')
        finders = {
            'semseg': self._semseg,
            'human_parts': self._human_parts,
            'saliency': self._saliency,
            'normal': self._normals,
            'edge': self._edges,
        }
        sources = {task: find(images) for task, find in finders.items() if task in self.tasks}
        return [
            Record(name, (View(path, {task: known[name] for task, known in sources.items() if name in known}),))
            for name, path in images.items()
        ]

    def _files(self, names: list[str] | dict[str, Path], folder: str, suffix: str) -> dict[str, Path]:
        return of_the_split(names, files_in(self.root / folder, suffix), self.root / folder, self.partial)

    def _semseg(self, names: dict[str, Path]) -> dict[str, LabelReader]:
        folder = self.root / 'semseg'
        files = files_in(folder / 'pascal-context', '.png') | files_in(folder / 'VOC12', '.png')
        return {name: LabelFile(path) for name, path in of_the_split(names, files, folder, self.partial).items()}

    def _saliency(self, names: dict[str, Path]) -> dict[str, LabelReader]:
        return {name: BinaryPicture(path) for name, path in self._files(names, 'sal_distill', '.png').items()}

    def _edges(self, names: dict[str, Path]) -> dict[str, LabelReader]:
        files = self._files(names, 'pascal-context/trainval', '.mat')
        return {name: ContextEdges(path) for name, path in files.items()}

    def _normals(self, names: dict[str, Path]) -> dict[str, LabelReader]:
        valid = valid_normal_classes(self.root / 'json')
        maps = self._files(names, 'pascal-context/trainval', '.mat')
        return {
            name: DistilledNormals(NormalFile(path, self.normal_signs), maps[name], valid)
            for name, path in self._files(names, 'normals_distill', '.png').items()
            if name in maps
        }

    def _human_parts(self, names: dict[str, Path]) -> dict[str, LabelReader]:
        files = self._files(names, 'human_parts', '.mat')
        cache = self.root / 'ImageSets' / 'Parts' / f'{self.split}.txt'
        if cache.is_file():  # an image without persons has no label at all, so that it is not drawn for one
            objects = read_json(cache)
            unknown = [name for name in files if name not in objects]
            if unknown:
                raise DataError(f'{cache}: does not know {unknown[0]}; remove the file and make it again')
            files = {name: path for name, path in files.items() if PERSON in objects[name]}
        return {name: HumanPartsFile(path) for name, path in files.items()}

    def __repr__(self) -> str:
        return f'PascalContext({self.root}, {self.split})'


def valid_normal_classes(folder: Path) -> tuple[int, ...]:
    """Classes of LabelMap on which normals, predicted by a network that knows NYU, can be trusted."""
    context = read_json(folder / 'context_classes.json')
    nyu = read_json(folder / 'nyu_classes.json', kinds=(dict, list))
    names = {name for name in nyu if name != 'unknown'} | {'tvmonitor'}
    valid = tuple(sorted(context[name] for name in names if name in context))
    if 'tvmonitor' not in context or not all(isinstance(number, int) for number in valid):
        raise DataError(
            f'{folder / "context_classes.json"}: expected {{name: number}} with tvmonitor among the names; '
            'restore the file'
        )
    return valid


def read_json(path: Path, kinds: tuple[type, ...] = (dict,)) -> dict | list:
    """The content of a JSON file.

    Raises:
        DataError: The file is missing, damaged or holds something else.
    """
    try:
        content = json.loads(read_text(path))
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: cannot be read as JSON ({type(error).__name__}); restore the file') from None
    if not isinstance(content, kinds):
        raise DataError(
            f'{path}: expected {" or ".join(kind.__name__ for kind in kinds)}, found '
            f'{type(content).__name__}; restore the file'
        )
    return content
