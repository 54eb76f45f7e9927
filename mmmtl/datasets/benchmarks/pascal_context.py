"""PASCAL-Context with five tasks, as assembled by ASTMT and used by InvPT and SAK."""

import json
from pathlib import Path
from typing import Any

from mmmtl.datasets.label_readers.label_images import BinaryMaskFile, NormalFile
from mmmtl.datasets.label_readers.pascal_labels import PARTS, PERSON, ContextEdges, DistilledNormals, HumanPartsFile
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, LabelReader, Record, View
from mmmtl.datasets.split_files import check_count, check_split, files_by_stem, files_of_split, read_split
from mmmtl.errors import DataError
from mmmtl.files.text_files import read_text
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class PascalContext(MultiTaskDataset):
    """PASCAL-Context in the form of ASTMT (Maninis, Radosavovic, Kokkinos, CVPR 2019).

    4998 training and 5105 validation images with semseg (21 classes), human parts (7), saliency, normals and edges.

    ::

        PASCALContext/
        ├── JPEGImages/*.jpg
        ├── semseg/VOC12/*.png              0..20, 255 = void; preferred
        ├── semseg/pascal-context/*.png     likewise, for images without VOC 2012 labels
        ├── human_parts/*.mat               PASCAL-Part, 24 parts of persons, merged into 6
        ├── pascal-context/trainval/*.mat   LabelMap, 459 classes: edges, and the mask of valid normals
        ├── sal_distill/*.png               salient where > 127.5
        ├── normals_distill/*.png           n = 2 v / 255 - 1
        ├── json/nyu_classes.json           class names of NYU
        ├── json/context_classes.json       {name: class in LabelMap}
        └── ImageSets/
            ├── Context/{train,val}.txt     one name per line
            └── Parts/{train,val}.txt       JSON {name: class of each object}; optional, written by the converter

    Saliency and normals are predictions of networks. Normals are valid only on classes that NYU also has, and on
    tvmonitor. Images without annotated human parts are void in human_parts.

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        split: ``'train'`` or ``'val'``.
        partial: Accept a folder with a part of the split, and skip missing files.
        normal_signs: Signs that convert the normals to x right, y down, z forward. Training and metrics do not depend
            on them, but visualizations and losses between views do; ``mmmtl check-data`` reports whether normals face
            the camera.
        **kwargs: Options of `MultiTaskDataset`; only the files of its ``tasks`` are needed.

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
        readers = {task: find(images) for task, find in finders.items() if task in self.tasks}
        return [
            Record(name, (View(path, {task: by_name[name] for task, by_name in readers.items() if name in by_name}),))
            for name, path in images.items()
        ]

    def _files(self, names: list[str] | dict[str, Path], folder: str, suffix: str) -> dict[str, Path]:
        return files_of_split(names, files_by_stem(self.root / folder, suffix), self.root / folder, self.partial)

    def _semseg(self, names: dict[str, Path]) -> dict[str, LabelReader]:
        folder = self.root / 'semseg'
        files = files_by_stem(folder / 'pascal-context', '.png') | files_by_stem(folder / 'VOC12', '.png')
        return {name: LabelFile(path) for name, path in files_of_split(names, files, folder, self.partial).items()}

    def _saliency(self, names: dict[str, Path]) -> dict[str, LabelReader]:
        return {name: BinaryMaskFile(path) for name, path in self._files(names, 'sal_distill', '.png').items()}

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
        object_list = self.root / 'ImageSets' / 'Parts' / f'{self.split}.txt'
        if object_list.is_file():  # images without persons have no label, so that label settings do not select them
            objects = read_json(object_list)
            unknown = [name for name in files if name not in objects]
            if unknown:
                raise DataError(f'{object_list}: has no entry for {unknown[0]}; delete the file and create it again')
            files = {name: path for name, path in files.items() if PERSON in objects[name]}
        return {name: HumanPartsFile(path) for name, path in files.items()}

    def __repr__(self) -> str:
        return f'PascalContext({self.root}, {self.split})'


def valid_normal_classes(folder: Path) -> tuple[int, ...]:
    """Return the classes of LabelMap on which the normals, predicted by a network trained on NYU, are valid.

    Raises:
        DataError: A file is missing, damaged or has other content.
    """
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


def read_json(path: Path, kinds: tuple[type, ...] = (dict,)) -> Any:
    """Read a JSON file whose content is of one of the types ``kinds``.

    Raises:
        DataError: The file is missing, damaged or of a different type.
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
