"""Posed RGB-D video as ScanNet's exporter writes it: single frames, or pairs that overlap and have parallax."""

import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from mmmtl.datasets.label_readers.sensor_depth import DEPTH, MISSING, NormalsFromDepth
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, cache_root, data_root
from mmmtl.datasets.overlapping_views import PairRule, choose_neighbours
from mmmtl.datasets.records import LabelFile, Record, View
from mmmtl.datasets.split_files import read_split
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.near_names import hint
from mmmtl.files.reading import read_size
from mmmtl.files.required_files import required_file, required_files
from mmmtl.files.text_files import read_numbers
from mmmtl.registry import DATASETS
from mmmtl.tasks import Task


@DATASETS.register_module()
class PosedVideo(MultiTaskDataset):
    """Frames with sensor depth and poses; normals are derived from the depth.

    ::

        root/
        └── SCENE/                             one folder per video, sorted by name
            ├── color/0.jpg 1.jpg ...          frames (ScanNet: 968 x 1296)
            ├── depth/0.png 1.png ...          16 bit, millimetres, 0 or 65535 = missing; may be smaller
            ├── pose/0.txt 1.txt ...           4 x 4, camera to world, metres; infinite where tracking was lost
            └── intrinsic/intrinsic_color.txt  4 x 4 (or 3 x 3), pixels counted from the middle of the first

    Frames whose pose is not finite are left out. With ``view_mode='pair'`` every frame is paired with a neighbour, see
    `PairRule`; frames without one are left out, and ``rejected`` tells how many. The choice is made once, from the
    depth maps, and kept under ``MMMTL_CACHE`` or ``~/.cache/mmmtl``.

    Args:
        root: The folder; relative names are also looked for under the environment variable ``MMMTL_DATA``.
        scenes: A text file with the names of the scenes to take (``scannetv2_train.txt``); all if None.
        view_mode: ``'single'`` or ``'pair'``.
        every: One frame in so many.
        overlap: (least, most) share of a frame that its neighbour sees.
        baseline: (least, most) metres between a frame and its neighbour.
        depth_void: Numbers in the depth files that stand for "missing"; 65535 is where 16 bits end, no distance.
        depth_range: (nearest, farthest) metres that are taken for a measurement; depth outside is missing.
        seed: Of the choice among the neighbours that fit.
        kwargs: Those of `MultiTaskDataset`; knows ``depth`` and ``normal``.

    Raises:
        DataError: A file is missing or does not hold what it should; or no frame has a neighbour.
    """

    def __init__(
        self,
        *,
        root: str,
        scenes: str | None = None,
        view_mode: str = 'single',
        every: int = 1,
        overlap: tuple[float, float] = (0.6, 0.9),
        baseline: tuple[float, float] = (0.05, 0.30),
        seed: int = 0,
        depth_void: Sequence[float] = MISSING,
        depth_range: tuple[float, float] | None = None,
        **kwargs,
    ) -> None:
        if view_mode not in ('single', 'pair'):
            raise ConfigError(f"PosedVideo.view_mode must be 'single' or 'pair', found {view_mode!r}")
        if not 0 <= overlap[0] < overlap[1] <= 1 or not 0 < baseline[0] < baseline[1]:
            raise ConfigError(
                'PosedVideo: overlap must be two rising shares and baseline two rising lengths, found '
                f'{overlap} and {baseline}'
            )
        self.root, self.view_mode, self.every = data_root(root), view_mode, every
        self.scenes = data_root(Path(scenes).parent) / Path(scenes).name if scenes else None
        self.rule = PairRule(tuple(overlap), tuple(baseline), seed=seed)
        self.rejected = 0
        self.depth_file = partial(LabelFile, scale=1e-3, void=depth_void, valid_range=depth_range)
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        there = sorted(folder.name for folder in self.root.iterdir() if folder.is_dir() and folder.name[0] != '.')
        names = read_split(self.scenes) if self.scenes else there
        missing = [name for name in names if name not in there]
        if missing:
            raise DataError(
                f'{self.scenes}: {len(missing)} of {len(names)} scenes are not in {self.root}, the first '
                f'is {missing[0]}{hint(missing[0], there)}; restore them, or correct the list'
            )
        records = [record for name in names for record in self._scene(self.root / name)]
        if not records and self.rejected:
            raise DataError(
                f'{self.root}: not one of {self.rejected} frames has a neighbour with overlap '
                f'{self.rule.overlap} and baseline {self.rule.baseline} m; widen them, or lower every'
            )
        return records

    def _scene(self, folder: Path) -> list[Record]:
        images = required_files(folder / 'color', '*.jpg', 'the frames of the video')
        frames = sorted(images, key=lambda path: (len(path.stem), path.stem))[:: self.every]
        camera = folder / 'intrinsic' / 'intrinsic_color.txt'
        intrinsics = read_intrinsics(camera)
        self.checksums.verify(camera)
        views = {}
        for image in frames:
            pose = read_pose(folder / 'pose' / f'{image.stem}.txt')
            self.checksums.verify(folder / 'pose' / f'{image.stem}.txt')
            if pose is None:
                continue
            path = required_file(folder / 'depth' / f'{image.stem}.png', 'the depth of the frame')
            depth = DepthAtImageSize(self.depth_file(path), image)
            views[image.stem] = View(
                image, {'depth': depth, 'normal': NormalsFromDepth(depth, intrinsics)}, intrinsics, np.linalg.inv(pose)
            )
        if self.view_mode == 'single':
            return [Record(f'{folder.name}/{name}', (view,), folder.name) for name, view in views.items()]
        neighbours = self._neighbours(folder.name, list(views.values()))
        self.rejected += neighbours.count(None)
        return [
            Record(f'{folder.name}/{name}', (view, list(views.values())[other]), folder.name)
            for (name, view), other in zip(views.items(), neighbours, strict=True)
            if other is not None
        ]

    def _neighbours(self, scene: str, views: list[View]) -> list[int | None]:
        """The chosen places, from the cache where they have been chosen before."""
        if not views:
            return []
        poses = np.stack([view.camera_T_world for view in views])
        files = [view.labels['depth'].path for view in views]
        told = [
            repr(self.rule),
            repr(self.depth_file.keywords),
            str(self.root.absolute()),
            scene,
            *(f'{path.name} {path.stat().st_size}' for path in files),
        ]
        content = '\n'.join(told).encode() + poses.tobytes() + views[0].intrinsics.tobytes()
        folder = cache_root() / 'pairs'
        path = folder / f'{hashlib.blake2b(content, digest_size=12).hexdigest()}.json'
        if path.is_file():
            return json.loads(path.read_text())
        chosen = choose_neighbours(
            poses,
            views[0].intrinsics,
            lambda place: views[place].labels['depth'].load(DEPTH),
            self.rule,
            key=(zlib.crc32(scene.encode()),),
        )
        folder.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f'.{os.getpid()}')
        temporary.write_text(json.dumps(chosen))
        os.replace(temporary, path)  # of two processes that choose at once, both write the same
        return chosen

    def __repr__(self) -> str:
        return f'PosedVideo({self.root}, {self.view_mode})'


@dataclass(frozen=True)
class DepthAtImageSize:
    """Depth of the same camera at fewer pixels, brought to the size of its image by taking the nearest value."""

    file: LabelFile
    image: Path

    @property
    def path(self) -> Path:
        """The depth file."""
        return self.file.path

    def load(self, task: Task) -> np.ndarray:
        """(H, W) float32 metres, the task's void where unknown."""
        depth = self.file.load(task)
        height, width = read_size(self.image)
        if abs(depth.shape[1] * height - depth.shape[0] * width) > 0.02 * depth.shape[0] * width:
            raise DataError(
                f'{self.path}: {depth.shape[0]} x {depth.shape[1]} is not the shape of its image '
                f'{self.image}, {height} x {width}, at another size'
            )
        return cv2.resize(depth, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)


def read_intrinsics(path: Path) -> np.ndarray:
    """A 3 x 3 or 4 x 4 text file that counts pixels from the middle of the first -> (3, 3) with centres at +0.5."""
    try:
        matrix = read_numbers(required_file(path, 'the intrinsics of the frames'))
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: expected 3 x 3 or 4 x 4 intrinsics ({error}); restore the file') from None
    if matrix.shape not in ((3, 3), (4, 4)) or not np.isfinite(matrix).all():
        raise DataError(f'{path}: expected 3 x 3 or 4 x 4 finite intrinsics, found shape {matrix.shape}')
    intrinsics = matrix[:3, :3].copy()
    intrinsics[:2, 2] += 0.5
    return intrinsics


def read_pose(path: Path) -> np.ndarray | None:
    """A 4 x 4 camera-to-world text file; None where the tracker wrote infinities.

    Raises:
        DataError: The file is missing or holds something else.
    """
    try:
        pose = read_numbers(path)
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: expected a 4 x 4 pose ({error}); restore it or remove the frame') from None
    if pose.shape != (4, 4):
        raise DataError(f'{path}: expected a 4 x 4 pose, found shape {pose.shape}; restore it or remove the frame')
    return pose if np.isfinite(pose).all() else None
