"""Cityscapes: MTAN's small arrays with 7 classes; the official files with 19 classes, disparity and both cameras."""

import json
from pathlib import Path

import numpy as np

from mmmtl.datasets.benchmarks.cityscapes_classes import CATEGORIES, CATEGORY_OF_ID, CLASS_OF_ID, CLASSES, PALETTE
from mmmtl.datasets.benchmarks.rectified_pose import right_of_left
from mmmtl.datasets.label_readers.class_table import ClassTable
from mmmtl.datasets.label_readers.disparity_files import DepthFromDisparity
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, Record, View
from mmmtl.datasets.split_files import check_count, check_split
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.required_files import required_file, required_files
from mmmtl.files.text_files import read_text
from mmmtl.registry import DATASETS

COUNTS = {'train': 2975, 'val': 500}


@DATASETS.register_module()
class CityscapesMTAN(MultiTaskDataset):
    """The arrays that MTAN (Liu, Johns, Davison, CVPR 2019) published: 128 x 256, 7 classes and disparity.

    ::

        root/
        ├── train/
        │   ├── image/0.npy ... 2974.npy      128 x 256 x 3, RGB in [0, 1]
        │   ├── label_7/0.npy ...             128 x 256, 0..6, -1 = void
        │   └── depth/0.npy ...               128 x 256 x 1, 0 = unknown
        └── val/                              0.npy ... 499.npy

    What is called depth is Cityscapes' 16-bit disparity divided by 65535. It is a label of the task `Depth` all the
    same, as in the publications: no metres, larger means nearer, and enlarging an image divides it.

    Args:
        root: The folder; relative names are also looked for under the environment variable ``MMMTL_DATA``.
        split: ``'train'`` (2975) or ``'val'`` (500, which publications report on).
        partial: Only a part of the split is there, and that is meant.
        kwargs: Those of `MultiTaskDataset`; knows ``semseg`` and ``depth``.

    Raises:
        DataError: The number of images is not the published one, or an array is missing.
    """

    CLASSES = CATEGORIES

    def __init__(self, *, root: str, split: str, partial: bool = False, **kwargs) -> None:
        self.root, self.split, self.partial = data_root(root), check_split('CityscapesMTAN', split), partial
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        folder = self.root / self.split
        images = required_files(folder / 'image', '*.npy', "MTAN's arrays of Cityscapes")
        check_count(len(images), COUNTS[self.split], folder / 'image', self.partial)
        kinds = {'semseg': ('label_7', {'void': -1}), 'depth': ('depth', {})}
        records = []
        for image in sorted(images, key=lambda path: (len(path.stem), path.stem)):
            labels = {
                task: LabelFile(required_file(folder / kind / image.name, task), **options)
                for task, (kind, options) in kinds.items()
                if task in self.tasks
            }
            records.append(Record(f'{self.split}/{image.stem}', (View(image, labels),)))
        return records

    def __repr__(self) -> str:
        return f'CityscapesMTAN({self.root}, {self.split})'


@DATASETS.register_module()
class Cityscapes(MultiTaskDataset):
    """The official files, 1024 x 2048: 19 classes, depth from the official disparity, left and right camera.

    ::

        root/
        ├── leftImg8bit/train/CITY/CITY_000000_000019_leftImg8bit.png
        ├── rightImg8bit/train/CITY/CITY_000000_000019_rightImg8bit.png      for view_mode='stereo'
        ├── gtFine/train/CITY/CITY_000000_000019_gtFine_labelIds.png         for semseg
        ├── disparity/train/CITY/CITY_000000_000019_disparity.png            for depth: 16 bit, see below
        └── camera/train/CITY/CITY_000000_000019_camera.json                 for depth and stereo

    and the same under ``val``. A disparity is (p - 1) / 256 pixels, unknown where p = 0; it comes from semi-global
    matching, not from a scanner. The principal point of the camera files counts from the middle of the first pixel;
    ours is half a pixel more.

    Args:
        root: The folder; relative names are also looked for under the environment variable ``MMMTL_DATA``.
        split: ``'train'`` (2975) or ``'val'`` (500).
        view_mode: ``'single'`` for the left image alone, ``'stereo'`` for the left and the right image as two views of
            a record; labels belong to the left view.
        far: Metres; beyond, depth is unknown (at 300 m the disparity is 1.6 pixels).
        categories: Classes are the 7 categories (`CityscapesMTAN.CLASSES`) instead of the 19.
        partial: Only a part of the split is there, and that is meant.
        kwargs: Those of `MultiTaskDataset`; knows ``semseg`` and ``depth``.

    Raises:
        DataError: The number of images is not the published one, or a file that the tasks or views need is missing.
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
        return [self._record(image) for image in images]

    def _record(self, image: Path) -> Record:
        name = f'{image.parent.name}/{image.name.removesuffix("_leftImg8bit.png")}'

        def beside(kind: str, ending: str, what: str) -> Path:
            return required_file(self.root / kind / self.split / f'{name}_{ending}', what)

        labels: dict = {}
        intrinsics = pose = None
        if 'semseg' in self.tasks:
            ids = beside('gtFine', 'gtFine_labelIds.png', 'gtFine_trainvaltest.zip')
            labels['semseg'] = ClassTable(ids, CATEGORY_OF_ID if self.categories else CLASS_OF_ID)
        if 'depth' in self.tasks or self.view_mode == 'stereo':
            path = beside('camera', 'camera.json', 'camera_trainvaltest.zip')
            intrinsics, baseline = read_camera(path)
            self.checksums.verify(path)
            pose = np.eye(4)
        if 'depth' in self.tasks:
            path = beside('disparity', 'disparity.png', 'disparity_trainvaltest.zip')
            labels['depth'] = DepthFromDisparity(
                path, intrinsics[0, 0], baseline, scale=1 / 256, offset=-1 / 256, far=self.far
            )
        views = (View(image, labels, intrinsics, pose),)
        if self.view_mode == 'stereo':
            right = beside('rightImg8bit', 'rightImg8bit.png', 'rightImg8bit_trainvaltest.zip')
            views += (View(right, {}, intrinsics, right_of_left(baseline)),)
        return Record(name, views)

    def __repr__(self) -> str:
        return f'Cityscapes({self.root}, {self.split})'


def read_camera(path: Path) -> tuple[np.ndarray, float]:
    """Intrinsics (3, 3) with pixel centres at +0.5, and the baseline in metres.

    Raises:
        DataError: The file is missing or holds something else.
    """
    try:
        camera = json.loads(read_text(path))
        intrinsic, baseline = camera['intrinsic'], float(camera['extrinsic']['baseline'])
        fx, fy, cx, cy = (float(intrinsic[key]) for key in ('fx', 'fy', 'u0', 'v0'))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f'{path}: expected a camera of Cityscapes ({type(error).__name__}: {error}); unpack '
            'camera_trainvaltest.zip again'
        ) from None
    if not (fx > 0 and fy > 0 and 0 < baseline < 10):
        raise DataError(
            f'{path}: expected positive focal lengths and a baseline in metres, found {fx:g}, {fy:g} and {baseline:g}'
        )
    return np.array([[fx, 0, cx + 0.5], [0, fy, cy + 0.5], [0, 0, 1]]), baseline
