"""Posed RGB-D video in the format of ScanNet's exporter: single frames, or overlapping pairs with parallax."""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmmtl.datasets.benchmarks.posed_video_files import DepthAtImageSize, read_intrinsics, read_pose
from mmmtl.datasets.label_readers.sensor_depth import DEPTH, MISSING, NormalsFromDepth
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, cache_root, data_root
from mmmtl.datasets.overlapping_views import PairRule, choose_neighbours
from mmmtl.datasets.records import LabelFile, Record, View
from mmmtl.datasets.split_files import read_split
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.atomic_path import atomic_path
from mmmtl.files.linked_folders import names_of_folders
from mmmtl.files.near_names import similar_name_hint
from mmmtl.files.required_files import ListedFiles, required_files
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class PosedVideo(MultiTaskDataset):
    """Video frames with sensor depth and poses (ScanNet, Dai et al., CVPR 2017); normals are derived from the depth.

    ::

        root/
        └── SCENE/                             one folder per video, sorted by name
            ├── color/0.jpg 1.jpg ...          frames (ScanNet: 968 x 1296)
            ├── depth/0.png 1.png ...          16 bit, millimetres, 0 or 65535 = missing; may be smaller
            ├── pose/0.txt 1.txt ...           4 x 4, camera to world, metres; infinite where tracking was lost
            └── intrinsic/intrinsic_color.txt  4 x 4 (or 3 x 3), centre of the first pixel at 0

    Frames whose pose is not finite are skipped. With ``view_mode='pair'`` every frame is paired with a neighbour, see
    `PairRule`; frames without one are skipped, and ``rejected`` counts them. Pairs are chosen once, from the depth
    maps, and cached under ``MMMTL_CACHE`` or ``~/.cache/mmmtl``.

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        scenes: Text file with the names of the scenes to use (``scannetv2_train.txt``); None uses all.
        view_mode: ``'single'`` for one record per frame, ``'pair'`` for one record per frame and neighbour.
        every: Use every n-th frame.
        pair_rule: Options of `PairRule`, e.g. ``dict(overlap=(0.6, 0.9), baseline=(0.05, 0.30))``.
        depth_void: Raw values of missing depth; 65535 is the largest 16-bit value, not a distance.
        depth_range: (min, max) of valid depth in metres; depth outside is missing.
        **kwargs: Options of `MultiTaskDataset`; labels: ``depth`` and ``normal``.

    Raises:
        ConfigError: ``view_mode`` is unknown, or ``every`` is below 1.
        DataError: A file is missing or has a different format, or no frame has a neighbour.
    """

    def __init__(
        self,
        *,
        root: str,
        scenes: str | None = None,
        view_mode: str = 'single',
        every: int = 1,
        pair_rule: Mapping[str, Any] | None = None,
        depth_void: Sequence[float] = MISSING,
        depth_range: tuple[float, float] | None = None,
        **kwargs,
    ) -> None:
        if view_mode not in ('single', 'pair'):
            raise ConfigError(f"PosedVideo.view_mode must be 'single' or 'pair', found {view_mode!r}")
        if not (isinstance(every, int) and every >= 1):
            raise ConfigError(f'PosedVideo.every must be a whole number of at least 1, found {every!r}')
        self.root, self.view_mode, self.every = data_root(root), view_mode, every
        self.scenes = data_root(Path(scenes).parent) / Path(scenes).name if scenes else None
        self.rule = _pair_rule(pair_rule or {})
        self.rejected = 0
        self.depth_file = partial(LabelFile, scale=1e-3, void=depth_void, valid_range=depth_range)
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        existing = sorted(name for name in names_of_folders(self.root) if not name.startswith('.'))
        names = read_split(self.scenes) if self.scenes else existing
        missing = [name for name in names if name not in existing]
        if missing:
            raise DataError(
                f'{self.scenes}: {len(missing)} of {len(names)} scenes are not in {self.root}, the first '
                f'is {missing[0]}{similar_name_hint(missing[0], existing)}; restore them, or correct the list'
            )
        records = [record for name in names for record in self._scene(self.root / name)]
        if not records and self.rejected:
            raise DataError(
                f'{self.root}: none of {self.rejected} frames has a neighbour with overlap '
                f'{self.rule.overlap} and baseline {self.rule.baseline} m; widen them, or lower every'
            )
        return records

    def _scene(self, folder: Path) -> list[Record]:
        images = required_files(folder / 'color', '*.jpg', 'the frames of the video')
        frames = sorted(images, key=lambda path: (len(path.stem), path.stem))[:: self.every]
        camera = folder / 'intrinsic' / 'intrinsic_color.txt'
        intrinsics = read_intrinsics(camera)
        self.checksums.verify(camera)
        files = ListedFiles()
        views = {}
        for image in frames:
            pose = read_pose(folder / 'pose' / f'{image.stem}.txt')
            self.checksums.verify(folder / 'pose' / f'{image.stem}.txt')
            if pose is None:
                continue
            path = files.required(folder / 'depth' / f'{image.stem}.png', 'the depth of the frame')
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
        """Return the index of each view's neighbour, from the cache if it has been chosen before."""
        if not views:
            return []
        poses = np.stack([np.asarray(view.camera_T_world) for view in views])
        intrinsics = np.asarray(views[0].intrinsics)
        depth_files = [view.labels['depth'].path for view in views]
        parts = [
            repr(self.rule),
            repr(self.depth_file.keywords),
            str(self.root.absolute()),
            scene,
            *(f'{path.name} {path.stat().st_size}' for path in depth_files),
        ]
        content = '\n'.join(parts).encode() + poses.tobytes() + intrinsics.tobytes()
        folder = cache_root() / 'pairs'
        path = folder / f'{hashlib.blake2b(content, digest_size=12).hexdigest()}.json'
        if (stored := _read_pairs(path, len(views))) is not None:
            return stored
        chosen = choose_neighbours(
            poses,
            intrinsics,
            lambda index: views[index].labels['depth'].load(DEPTH),
            self.rule,
            key=(zlib.crc32(scene.encode()),),
        )
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as unfinished:  # concurrent processes write the same content
            unfinished.write_text(json.dumps(chosen))
        return chosen

    def __repr__(self) -> str:
        return f'PosedVideo({self.root}, {self.view_mode})'


def _read_pairs(path: Path, count: int) -> list[int | None] | None:
    """Return the neighbours of ``count`` frames from a file of the cache; None if it is missing or damaged."""
    try:
        stored = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    valid = isinstance(stored, list) and len(stored) == count
    return stored if valid and all(entry is None or entry in range(count) for entry in stored) else None


def _pair_rule(options: Mapping[str, Any]) -> PairRule:
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    try:
        rule = PairRule(**given)
    except TypeError:
        known = ', '.join(field.name for field in fields(PairRule))
        raise ConfigError(f'PosedVideo.pair_rule: expected options among {known}, found {dict(options)}') from None
    if not 0 <= rule.overlap[0] < rule.overlap[1] <= 1 or not 0 < rule.baseline[0] < rule.baseline[1]:
        raise ConfigError(
            'PosedVideo.pair_rule: overlap must be two ascending fractions and baseline two ascending lengths, found '
            f'{rule.overlap} and {rule.baseline}'
        )
    return rule
