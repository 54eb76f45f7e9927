"""Cityscapes: the small arrays of MTAN with 7 classes, and the official files with 19 classes and stereo."""

import json
from pathlib import Path

import numpy as np

from mmmtl.datasets.benchmarks.cityscapes_classes import CATEGORIES, CATEGORY_OF_ID, CLASS_OF_ID, CLASSES, PALETTE
from mmmtl.datasets.benchmarks.rectified_pose import right_T_left
from mmmtl.datasets.label_readers.class_files import ClassIndexFile
from mmmtl.datasets.label_readers.disparity_files import DepthFromDisparity
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, Record, View
from mmmtl.datasets.split_files import check_count, check_split
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.required_files import ListedFiles, required_files
from mmmtl.files.text_files import read_text
from mmmtl.registry import DATASETS

COUNTS = {'train': 2975, 'val': 500}


@DATASETS.register_module()
class CityscapesMTAN(MultiTaskDataset):
    """The arrays of Cityscapes published with MTAN (Liu, Johns, Davison, CVPR 2019): 128 x 256, 7 classes, disparity.

    2975 training and 500 validation images.

    ::

        root/
        ├── train/
        │   ├── image/0.npy ... 2974.npy      128 x 256 x 3, RGB in [0, 1]
        │   ├── label_7/0.npy ...             128 x 256, 0..6, -1 = void
        │   └── depth/0.npy ...               128 x 256 x 1, 0 = unknown
        └── val/                              0.npy ... 499.npy

    The label ``depth`` is the 16-bit disparity of Cityscapes divided by 65535, not metres, and larger means nearer. As
    in the publications it is a label of the task `Depth`, so enlarging an image by a factor
    divides its values by this factor.

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        split: ``'train'``, or ``'val'``, on which publications report.
        partial: Accept a folder with a part of the split.
        **kwargs: Options of `MultiTaskDataset`; labels: ``semseg`` and ``depth``.

    Raises:
        DataError: The number of images differs from the published one, or an array is missing.
    """

    CLASSES = CATEGORIES

    def __init__(self, *, root: str, split: str, partial: bool = False, **kwargs) -> None:
        self.root, self.split, self.partial = data_root(root), check_split('CityscapesMTAN', split), partial
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        folder = self.root / self.split
        images = required_files(folder / 'image', '*.npy', "MTAN's arrays of Cityscapes")
        check_count(len(images), COUNTS[self.split], folder / 'image', self.partial)
        kinds: dict[str, tuple[str, float | None]] = {
            'semseg': ('label_7', -1),
            'depth': ('depth', None),
        }  # folder, void
        records = []
        files = ListedFiles()
        for image in sorted(images, key=lambda path: (len(path.stem), path.stem)):
            labels = {
                task: LabelFile(files.required(folder / kind / image.name, task), void=void)
                for task, (kind, void) in kinds.items()
                if task in self.tasks
            }
            records.append(Record(f'{self.split}/{image.stem}', (View(image, labels),)))
        return records

    def __repr__(self) -> str:
        return f'CityscapesMTAN({self.root}, {self.split})'


@DATASETS.register_module()
class Cityscapes(MultiTaskDataset):
    """Cityscapes (Cordts et al., CVPR 2016) in its official files: 19 classes, depth from disparity, stereo images.

    2975 training and 500 validation images of 1024 x 2048 pixels.

    ::

        root/
        ├── leftImg8bit/train/CITY/CITY_000000_000019_leftImg8bit.png
        ├── rightImg8bit/train/CITY/CITY_000000_000019_rightImg8bit.png      for view_mode='stereo'
        ├── gtFine/train/CITY/CITY_000000_000019_gtFine_labelIds.png         for semseg
        ├── disparity/train/CITY/CITY_000000_000019_disparity.png            for depth: 16 bit, see below
        └── camera/train/CITY/CITY_000000_000019_camera.json                 for depth and stereo

    and the same under ``val``. The disparity is (p - 1) / 256 pixels, unknown where p = 0; it was computed by
    semi-global matching, not measured. Depth is f B / disparity in metres. The camera files put the centre of the first
    pixel at 0; we put it at 0.5, so principal points are increased by 0.5.

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        split: ``'train'`` (2975) or ``'val'`` (500).
        view_mode: ``'single'`` for the left image alone, ``'stereo'`` for the left and the right image as two views of
            a record; labels belong to the left view.
        far: Depth in metres beyond which it is unknown (at 300 m the disparity is 1.6 pixels).
        categories: Use the 7 categories (`CityscapesMTAN.CLASSES`) instead of the 19 classes.
        partial: Accept a folder with a part of the split.
        **kwargs: Options of `MultiTaskDataset`; labels: ``semseg`` and ``depth``.

    Raises:
        ConfigError: ``view_mode`` is unknown.
        DataError: The number of images differs from the published one, or a required file is missing.
    """

    CLASSES = CLASSES
    PALETTE = PALETTE

    def __init__(
        self,
        *,
        root: str,
        split: str,
        view_mode: str = 'single',
        far: float = 300.0,
        categories: bool = False,
        partial: bool = False,
        **kwargs,
    ) -> None:
        if view_mode not in ('single', 'stereo'):
            raise ConfigError(f"Cityscapes.view_mode must be 'single' or 'stereo', found {view_mode!r}")
        self.root, self.split = data_root(root), check_split('Cityscapes', split)
        self.view_mode, self.far, self.categories, self.partial = view_mode, far, categories, partial
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        folder = self.root / 'leftImg8bit' / self.split
        images = required_files(folder, '*/*_leftImg8bit.png', 'Cityscapes images')
        check_count(len(images), COUNTS[self.split], folder, self.partial)
        files = ListedFiles()
        return [self._record(image, files) for image in images]

    def _record(self, image: Path, files: ListedFiles) -> Record:
        name = f'{image.parent.name}/{image.name.removesuffix("_leftImg8bit.png")}'

        def beside(kind: str, ending: str, what: str) -> Path:
            return files.required(self.root / kind / self.split / f'{name}_{ending}', what)

        labels: dict = {}
        intrinsics = pose = None
        if 'semseg' in self.tasks:
            ids = beside('gtFine', 'gtFine_labelIds.png', 'gtFine_trainvaltest.zip')
            labels['semseg'] = ClassIndexFile(ids, CATEGORY_OF_ID if self.categories else CLASS_OF_ID)
        if 'depth' in self.tasks or self.view_mode == 'stereo':
            path = beside('camera', 'camera.json', 'camera_trainvaltest.zip')
            intrinsics, baseline = read_camera(path)
            self.checksums.verify(path)
            pose = np.eye(4)
        if 'depth' in self.tasks and intrinsics is not None:
            path = beside('disparity', 'disparity.png', 'disparity_trainvaltest.zip')
            labels['depth'] = DepthFromDisparity(
                path, intrinsics[0, 0], baseline, scale=1 / 256, offset=-1 / 256, far=self.far
            )
        views: tuple[View, ...] = (View(image, labels, intrinsics, pose),)
        if self.view_mode == 'stereo':
            right = beside('rightImg8bit', 'rightImg8bit.png', 'rightImg8bit_trainvaltest.zip')
            views += (View(right, {}, intrinsics, right_T_left(baseline)),)
        return Record(name, views)

    def __repr__(self) -> str:
        return f'Cityscapes({self.root}, {self.split})'


def read_camera(path: Path) -> tuple[np.ndarray, float]:
    """Read a camera file: intrinsics (3, 3) with pixel centres at +0.5, and the baseline in metres.

    Raises:
        DataError: The file is missing or has a different format.
    """
    try:
        camera = json.loads(read_text(path))
        intrinsic, baseline = camera['intrinsic'], float(camera['extrinsic']['baseline'])
        fx, fy, cx, cy = (float(intrinsic[key]) for key in ('fx', 'fy', 'u0', 'v0'))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f'{path}: expected a Cityscapes camera file ({type(error).__name__}: {error}); unpack '
            'camera_trainvaltest.zip again'
        ) from None
    if not (fx > 0 and fy > 0 and 0 < baseline < 10):
        raise DataError(
            f'{path}: expected positive focal lengths and a baseline in metres, found {fx:g}, {fy:g} and {baseline:g}'
        )
    return np.array([[fx, 0, cx + 0.5], [0, fy, cy + 0.5], [0, 0, 1]]), baseline
