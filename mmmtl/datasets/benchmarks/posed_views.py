"""Posed RGB-D scenes of two or more views with depth, intrinsics and poses."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from mmmtl.datasets.label_readers.sensor_depth import MISSING, NormalsFromDepth
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelFile, LabelReader, Record, View, scene_records
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.linked_folders import names_of_files, names_of_folders
from mmmtl.files.text_files import read_intrinsics_file, read_pose_rows
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class PosedViews(MultiTaskDataset):
    """Scenes of views with sensor depth; normals are derived from the depth.

    ::

        root/
        └── SCENE/                  one folder per scene, sorted by name
            ├── 0.jpg 1.jpg ...     images
            ├── 0.png 1.png ...     depth along z, 16 bit, millimetres, 0 or 65535 = missing
            ├── cam.txt             3 x 3 intrinsics in pixels of these images, pixel centres at +0.5
            └── poses.txt           one row of 12 numbers per view: 3 x 4, world to camera, metres

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        split: ``'train'``, ``'val'`` or ``'all'``.
        val_scenes: Patterns of the names of validation scenes, e.g. ``('kitchen_*',)``. Scenes cut from one video show
            the same places, so hold out whole videos.
        view_mode: ``'single'`` for one record per view, ``'all'`` for one record per scene with all its views.
        depth_void: Raw values of missing depth; 65535 is the largest 16-bit value, not a distance.
        depth_range: (min, max) of valid depth in metres; depth outside is missing.
        **kwargs: Options of `MultiTaskDataset`; labels: ``depth`` and ``normal``.

    Raises:
        ConfigError: ``split`` or ``view_mode`` is unknown, or the validation scenes are not named.
        DataError: A file is missing or has a different format.
    """

    def __init__(
        self,
        *,
        root: str,
        split: str,
        val_scenes: Sequence[str] = (),
        view_mode: str = 'single',
        depth_void: Sequence[float] = MISSING,
        depth_range: tuple[float, float] | None = None,
        **kwargs,
    ) -> None:
        if split not in ('train', 'val', 'all'):
            raise ConfigError(f"PosedViews.split must be 'train', 'val' or 'all', found {split!r}")
        if view_mode not in ('single', 'all'):
            raise ConfigError(f"PosedViews.view_mode must be 'single' or 'all', found {view_mode!r}")
        if split != 'all' and not val_scenes:
            raise ConfigError("PosedViews.val_scenes is empty: name the validation scenes, or use split='all'")
        self.root, self.split, self.val_scenes, self.view_mode = data_root(root), split, tuple(val_scenes), view_mode
        self.depth_file = partial(LabelFile, scale=1e-3, void=depth_void, valid_range=depth_range)
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        scenes = sorted(name for name in names_of_folders(self.root) if not name.startswith('.'))
        if self.split != 'all':
            scenes = [
                scene
                for scene in scenes
                if any(fnmatchcase(scene, pattern) for pattern in self.val_scenes) == (self.split == 'val')
            ]
        records = []
        for scene in scenes:
            folder = self.root / scene
            views = load_scene(folder, self.depth_file)
            if self.checksums.known:
                for name in ('cam.txt', 'poses.txt'):
                    self.checksums.verify(folder / name)
            records += scene_records(scene, views, self.view_mode)
        return records

    def __repr__(self) -> str:
        return f'PosedViews({self.root}, {self.split})'


def load_scene(folder: Path, depth_file: Callable[[Path], LabelFile]) -> tuple[View, ...]:
    """Load the views of a scene folder.

    Raises:
        DataError: A file is missing or has a different format.
    """
    intrinsics = read_intrinsics_file(folder / 'cam.txt')
    poses = read_pose_rows(folder / 'poses.txt')
    files = names_of_files(folder)
    if f'{len(poses)}.jpg' in files:
        raise DataError(
            f'{folder / "poses.txt"}: has {len(poses)} rows, but there is an image {len(poses)}.jpg; add '
            'its pose or remove it'
        )
    views = []
    for number, pose in enumerate(poses):
        for name in (f'{number}.jpg', f'{number}.png'):
            if name not in files:
                raise DataError(
                    f'{folder / name}: no such file, but poses.txt has {len(poses)} rows; restore it or remove the '
                    'scene'
                )
        depth = depth_file(folder / f'{number}.png')
        labels: dict[str, LabelReader] = {'depth': depth, 'normal': NormalsFromDepth(depth, intrinsics)}
        views.append(View(folder / f'{number}.jpg', labels, intrinsics, pose))
    return tuple(views)
