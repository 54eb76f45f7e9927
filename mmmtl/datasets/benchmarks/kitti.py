"""KITTI: drives with stereo cameras and a laser scanner, and the 200 images with classes of KITTI 2015."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmmtl.datasets.benchmarks.cityscapes_classes import CLASS_OF_ID, CLASSES, PALETTE
from mmmtl.datasets.benchmarks.kitti_calibration import read_calibration, rectified_camera, rectified_T_lidar
from mmmtl.datasets.label_readers.class_table import ClassTable
from mmmtl.datasets.label_readers.lidar import LidarDepth
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, LabelReader, Record, View
from mmmtl.datasets.split_files import check_count, check_split, report_missing
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.required_files import required_file, required_files
from mmmtl.files.text_files import read_lines
from mmmtl.registry import DATASETS

DRIVE = re.compile(
    r'(?:\S*/)?(?P<date>\d{4}_\d\d_\d\d)/(?P<drive>(?P=date)_drive_\d{4}_sync)'
    r'(?:/image_(?P<camera>0[23])/data/(?P<frame>\d{10})\.(?:png|jpg))?'
)
SIDES = {'l': '02', 'r': '03'}


@dataclass(frozen=True)
class Frame:
    """One line of a split list."""

    date: str
    drive: str
    camera: str  # '02', the left colour camera, or '03'
    frame: str  # ten digits

    @property
    def name(self) -> str:
        return f'{self.drive}/{self.camera}/{self.frame}'


@DATASETS.register_module()
class KITTI(MultiTaskDataset):
    """Raw drives with the improved depth of the depth benchmark, the frames as a list names them.

    ::

        root/
        ├── raw/
        │   └── 2011_09_26/
        │       ├── calib_cam_to_cam.txt, calib_velo_to_cam.txt
        │       └── 2011_09_26_drive_0001_sync/
        │           ├── image_02/data/0000000005.png         left (.jpg is taken too)
        │           ├── image_03/data/0000000005.png         right
        │           └── velodyne_points/data/0000000005.bin  for depth='lidar'
        └── depth/
            ├── train/2011_09_26_drive_0001_sync/proj_depth/groundtruth/image_02/0000000005.png      depth = p / 256 m,
            └── val/                                                                                 0 = unknown

    The lists of Eigen, Puhrsch, Fergus (NeurIPS 2014) and those made of them come in two forms, and both are read:
    ``2011_09_26/2011_09_26_drive_0002_sync/image_02/data/0000000069.png ...`` (what follows is passed over) and
    ``2011_09_26/2011_09_26_drive_0002_sync 69 l``. Eigen's 697 test images are 652 with improved depth: the first and
    last frames of a drive have none. Images of different drives differ by a few pixels in size.

    Calibrations count pixels from the middle of the first one; ours are half a pixel more.

    Args:
        root: The folder; relative names are also looked for under the environment variable ``MMMTL_DATA``.
        frames: The list, a text file; relative names as for ``root``.
        view_mode: ``'single'``, or ``'stereo'`` for both cameras as two views of a record, the named one first.
        depth: ``'improved'``, or ``'lidar'`` for the points of the one sweep, projected.
        count: How many records there must be; not checked if None.
        unlabelled: ``'drop'`` leaves frames without improved depth out, ``'keep'`` takes them as images without label.
        partial: Only a part of the split is there: images that are missing are left out.
        kwargs: Those of `MultiTaskDataset`; knows ``depth``.

    Raises:
        DataError: A file is missing, or the number of records is another than ``count``.
    """

    def __init__(
        self,
        *,
        root: str,
        frames: str,
        view_mode: str = 'single',
        depth: str = 'improved',
        count: int | None = None,
        unlabelled: str = 'drop',
        partial: bool = False,
        **kwargs,
    ) -> None:
        for key, value, known in (
            ('view_mode', view_mode, ('single', 'stereo')),
            ('depth', depth, ('improved', 'lidar')),
            ('unlabelled', unlabelled, ('drop', 'keep')),
        ):
            if value not in known:
                raise ConfigError(f'KITTI.{key} must be {known[0]!r} or {known[1]!r}, found {value!r}')
        self.root = data_root(root)
        self.frames = data_root(Path(frames).parent) / Path(frames).name
        self.view_mode, self.depth, self.count, self.unlabelled, self.partial = (
            view_mode,
            depth,
            count,
            unlabelled,
            partial,
        )
        self.calibrations: dict[str, tuple[dict, dict]] = {}
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        annotated = {
            path.name: path for part in ('train', 'val') for path in (self.root / 'depth' / part).glob('*_sync')
        }
        records: list[Record] = []
        frames, missing = read_frames(self.frames), []
        for frame in frames:
            cameras = (frame.camera, '03' if frame.camera == '02' else '02')[: 1 + (self.view_mode == 'stereo')]
            images = [self._image(frame, camera) for camera in cameras]
            absent = [image for image in images if not image.is_file()]
            missing += map(str, absent[:1])
            label = None if absent else self._label(frame, images[0], annotated)
            if absent or (label is None and self.unlabelled == 'drop'):
                continue
            labels = [{'depth': label} if label else {}, {}]
            views = tuple(self._view(frame, *seen) for seen in zip(cameras, images, labels, strict=False))
            records.append(Record(frame.name, views, frame.drive))
        report_missing(missing, len(frames), self.frames, self.partial)
        if self.count is not None:
            check_count(len(records), self.count, self.frames, self.partial)
        return records

    def _image(self, frame: Frame, camera: str) -> Path:
        """The file of a frame, or where it should be."""
        stem = self.root / 'raw' / frame.date / frame.drive / f'image_{camera}' / 'data' / frame.frame
        photograph = stem.with_suffix('.jpg')
        return photograph if photograph.is_file() else stem.with_suffix('.png')

    def _label(self, frame: Frame, image: Path, annotated: dict[str, Path]) -> LabelReader | None:
        if self.depth == 'lidar':
            points = self.root / 'raw' / frame.date / frame.drive / 'velodyne_points' / 'data' / f'{frame.frame}.bin'
            if not points.is_file():
                return None
            cameras, scanner = self._calibration(frame.date)
            intrinsics, camera_T_rectified = rectified_camera(cameras, frame.camera)
            camera_T_lidar = camera_T_rectified @ rectified_T_lidar(cameras, scanner)
            return LidarDepth(points, image, intrinsics @ camera_T_lidar[:3])
        folder = annotated.get(frame.drive)
        if folder is None:
            return None
        path = folder / 'proj_depth' / 'groundtruth' / f'image_{frame.camera}' / f'{frame.frame}.png'
        return LabelFile(path, scale=1 / 256, void=0) if path.is_file() else None

    def _view(self, frame: Frame, camera: str, image: Path, labels: dict[str, LabelReader]) -> View:
        intrinsics, camera_T_rectified = rectified_camera(self._calibration(frame.date)[0], camera)
        return View(image, labels, intrinsics, camera_T_rectified)

    def _calibration(self, date: str) -> tuple[dict, dict]:
        if date not in self.calibrations:
            folder = self.root / 'raw' / date
            cameras = read_calibration(folder / 'calib_cam_to_cam.txt', ('P_rect_02', 'P_rect_03', 'R_rect_00'))
            scanner = read_calibration(folder / 'calib_velo_to_cam.txt', ('R', 'T')) if self.depth == 'lidar' else {}
            self.calibrations[date] = cameras, scanner
            for name in ('calib_cam_to_cam.txt', 'calib_velo_to_cam.txt'):
                if (folder / name).is_file():
                    self.checksums.verify(folder / name)
        return self.calibrations[date]

    def __repr__(self) -> str:
        return f'KITTI({self.root}, {self.frames.name})'


@DATASETS.register_module()
class KITTISemantics(MultiTaskDataset):
    """The 200 training images of KITTI 2015 with the classes of Cityscapes; the labels of the test images are secret.

    ::

        root/
        └── training/
            ├── image_2/000000_10.png ... 000199_10.png
            └── semantic/000000_10.png ...                  Cityscapes' label ids

    Args:
        root: The folder that ``data_semantics.zip`` unpacks to; relative names are also looked for under the
            environment variable ``MMMTL_DATA``.
        split: ``'all'``; or ``'train'`` and ``'val'``, a split of our own, since none is published: every fifth image,
            beginning with the first, is for validation.
        partial: Only a part of the images is there, and that is meant.
        kwargs: Those of `MultiTaskDataset`; knows ``semseg``.

    Raises:
        DataError: The number of images is not 200, or a label map is missing.
    """

    CLASSES = CLASSES
    PALETTE = PALETTE

    def __init__(self, *, root: str, split: str, partial: bool = False, **kwargs) -> None:
        self.root, self.partial = data_root(root), partial
        self.split = check_split('KITTISemantics', split, ('all', 'train', 'val'))
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        folder = self.root / 'training' / 'image_2'
        images = required_files(folder, '*_10.png', 'images of KITTI 2015')
        check_count(len(images), 200, folder, self.partial)
        if self.split != 'all':
            images = [image for image in images if (int(image.name[:6]) % 5 == 0) == (self.split == 'val')]
        return [self._record(image) for image in images]

    def _record(self, image: Path) -> Record:
        path = required_file(self.root / 'training' / 'semantic' / image.name, 'the label map of the image')
        return Record(image.stem, (View(image, {'semseg': ClassTable(path, CLASS_OF_ID)}),))

    def __repr__(self) -> str:
        return f'KITTISemantics({self.root}, {self.split})'


def read_frames(path: Path) -> list[Frame]:
    """The frames that a list names, in its order.

    Raises:
        DataError: The list is missing, or a line has none of the two forms.
    """
    try:
        lines = read_lines(path)
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: cannot be read as a list of frames ({error}); restore it') from None
    return [parse(line.split(), path, number) for number, line in lines.items()]


def parse(words: Sequence[str], path: Path, number: int) -> Frame:
    """One line of a list."""
    match = DRIVE.fullmatch(words[0])
    if match and match['frame']:
        return Frame(match['date'], match['drive'], match['camera'], match['frame'])
    if match and len(words) == 3 and words[1].isdecimal() and words[2] in SIDES:
        return Frame(match['date'], match['drive'], SIDES[words[2]], f'{int(words[1]):010d}')
    raise DataError(
        f"{path}, line {number}: expected 'DATE/DRIVE/image_02/data/FRAME.png' or 'DATE/DRIVE FRAME l', "
        f'found {" ".join(words)!r}'
    )
