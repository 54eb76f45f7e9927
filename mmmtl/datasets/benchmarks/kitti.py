"""KITTI: raw drives with stereo cameras and LiDAR, and the 200 labelled images of KITTI 2015."""

from pathlib import Path

import numpy as np

from mmmtl.datasets.benchmarks.cityscapes_classes import CLASS_OF_ID, CLASSES, PALETTE
from mmmtl.datasets.benchmarks.kitti_calibration import read_kitti_calibration, rectified_camera, rectified_T_lidar
from mmmtl.datasets.benchmarks.kitti_frames import Frame, read_frames
from mmmtl.datasets.label_readers.class_files import ClassIndexFile
from mmmtl.datasets.label_readers.lidar import LidarDepth
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, LabelReader, Record, View
from mmmtl.datasets.split_files import check_count, check_split, report_missing
from mmmtl.errors import ConfigError
from mmmtl.files.required_files import ListedFiles, required_files
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class KITTI(MultiTaskDataset):
    """KITTI raw data (Geiger et al., IJRR 2013) with the depth of KITTI's depth benchmark (Uhrig et al., 3DV 2017).

    ::

        root/
        ├── raw/
        │   └── 2011_09_26/
        │       ├── calib_cam_to_cam.txt, calib_velo_to_cam.txt
        │       └── 2011_09_26_drive_0001_sync/
        │           ├── image_02/data/0000000005.png         left (or .jpg)
        │           ├── image_03/data/0000000005.png         right
        │           └── velodyne_points/data/0000000005.bin  for depth='lidar'
        └── depth/
            ├── train/2011_09_26_drive_0001_sync/proj_depth/groundtruth/image_02/0000000005.png      depth = p / 256 m,
            └── val/                                                                                 0 = unknown

    The split file lists the frames, as the splits of Eigen, Puhrsch, Fergus (NeurIPS 2014) do. Two formats are read:
    ``2011_09_26/2011_09_26_drive_0002_sync/image_02/data/0000000069.png ...`` (the rest of the line is ignored) and
    ``2011_09_26/2011_09_26_drive_0002_sync 69 l``. Of Eigen's 697 test images 652 have improved depth; the first and
    last frames of a drive have none. The image size differs by a few pixels between drives.

    The calibration files put the centre of the first pixel at 0; we put it at 0.5, so principal points are increased
    by 0.5. Depth is in metres along z, 0 = unknown.

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        frames: Split file; a relative path is looked up like ``root``.
        view_mode: ``'single'``, or ``'stereo'`` for both cameras as two views of a record, the listed camera first.
        depth: ``'improved'`` for the depth benchmark, or ``'lidar'`` for the projected points of a single LiDAR sweep.
        count: Expected number of records; None skips the check.
        unlabelled: ``'drop'`` or ``'keep'`` frames without depth.
        partial: Accept a folder with a part of the split, and skip missing images.
        **kwargs: Options of `MultiTaskDataset`; labels: ``depth``.

    Raises:
        ConfigError: An option has an unknown value.
        DataError: A file is missing, or the number of records differs from ``count``.
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
        self.cameras: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        annotated = {
            path.name: path for part in ('train', 'val') for path in (self.root / 'depth' / part).glob('*_sync')
        }
        records: list[Record] = []
        frames = read_frames(self.frames)
        missing: list[str] = []
        files = ListedFiles()
        for frame in frames:
            cameras = [frame.camera]
            if self.view_mode == 'stereo':
                cameras.append('03' if frame.camera == '02' else '02')
            images = [self._image(frame, camera, files) for camera in cameras]
            absent = [image for image in images if image not in files]
            missing += map(str, absent[:1])
            label = None if absent else self._label(frame, images[0], annotated, files)
            if absent or (label is None and self.unlabelled == 'drop'):
                continue
            labels = [{'depth': label} if label else {}, {}]
            views = tuple(
                View(image, readers, *self._camera(frame.date, camera))
                for camera, image, readers in zip(cameras, images, labels, strict=False)
            )
            records.append(Record(frame.name, views, frame.drive))
        report_missing(missing, len(frames), self.frames, self.partial)
        if self.count is not None:
            check_count(len(records), self.count, self.frames, self.partial)
        return records

    def _image(self, frame: Frame, camera: str, files: ListedFiles) -> Path:
        """Return the image file of a frame, whether or not it exists."""
        folder = self.root / f'raw/{frame.date}/{frame.drive}/image_{camera}/data'
        jpg = folder / f'{frame.frame}.jpg'
        return jpg if jpg in files else folder / f'{frame.frame}.png'

    def _label(self, frame: Frame, image: Path, annotated: dict[str, Path], files: ListedFiles) -> LabelReader | None:
        if self.depth == 'lidar':
            points = self.root / f'raw/{frame.date}/{frame.drive}/velodyne_points/data/{frame.frame}.bin'
            if points not in files:
                return None
            cameras, scanner = self._calibration(frame.date)
            intrinsics, camera_T_rectified = self._camera(frame.date, frame.camera)
            camera_T_lidar = camera_T_rectified @ rectified_T_lidar(cameras, scanner)
            return LidarDepth(points, image, intrinsics @ camera_T_lidar[:3])
        folder = annotated.get(frame.drive)
        if folder is None:
            return None
        path = folder / f'proj_depth/groundtruth/image_{frame.camera}/{frame.frame}.png'
        return LabelFile(path, scale=1 / 256, void=0) if path in files else None

    def _camera(self, date: str, camera: str) -> tuple[np.ndarray, np.ndarray]:
        """Return intrinsics and pose of a rectified camera, computed once per date."""
        if (date, camera) not in self.cameras:
            self.cameras[date, camera] = rectified_camera(self._calibration(date)[0], camera)
        return self.cameras[date, camera]

    def _calibration(self, date: str) -> tuple[dict, dict]:
        if date not in self.calibrations:
            folder = self.root / 'raw' / date
            cameras = read_kitti_calibration(folder / 'calib_cam_to_cam.txt', ('P_rect_02', 'P_rect_03', 'R_rect_00'))
            scanner = (
                read_kitti_calibration(folder / 'calib_velo_to_cam.txt', ('R', 'T')) if self.depth == 'lidar' else {}
            )
            self.calibrations[date] = cameras, scanner
            for name in ('calib_cam_to_cam.txt', 'calib_velo_to_cam.txt'):
                if (folder / name).is_file():
                    self.checksums.verify(folder / name)
        return self.calibrations[date]

    def __repr__(self) -> str:
        return f'KITTI({self.root}, {self.frames.name})'


@DATASETS.register_module()
class KITTISemantics(MultiTaskDataset):
    """The 200 training images of KITTI 2015 with Cityscapes classes (Alhaija et al., IJCV 2018).

    The labels of the test images are not public.

    ::

        root/
        └── training/
            ├── image_2/000000_10.png ... 000199_10.png
            └── semantic/000000_10.png ...                  label ids of Cityscapes

    Args:
        root: The folder that ``data_semantics.zip`` unpacks to; a relative path is first looked up under the
            environment variable ``MMMTL_DATA``.
        split: ``'all'``, or ``'train'`` or ``'val'``. No split is published; mmmtl uses every fifth image,
            starting with the first, for validation.
        partial: Accept a folder with a part of the images.
        **kwargs: Options of `MultiTaskDataset`; labels: ``semseg``.

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
        files = ListedFiles()
        return [self._record(image, files) for image in images]

    def _record(self, image: Path, files: ListedFiles) -> Record:
        path = files.required(self.root / 'training' / 'semantic' / image.name, 'the label map of the image')
        return Record(image.stem, (View(image, {'semseg': ClassIndexFile(path, CLASS_OF_ID)}),))

    def __repr__(self) -> str:
        return f'KITTISemantics({self.root}, {self.split})'
