"""Generated rooms as a data set."""

import json
from pathlib import Path

import numpy as np

from mmmtl.datasets.label_readers.label_images import InstanceBoundaries
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, cache_root
from mmmtl.datasets.records import LabelFile, LabelReader, Record, View, scene_records
from mmmtl.errors import ConfigError, DataError
from mmmtl.registry import DATASETS
from mmmtl.synthetic_rooms.cache import ensure_rooms
from mmmtl.synthetic_rooms.cameras import Neighbours
from mmmtl.synthetic_rooms.scene import CLASSES
from mmmtl.synthetic_rooms.variety import PLAIN, VARIETIES


@DATASETS.register_module()
class SyntheticRooms(MultiTaskDataset):
    """Ray-cast furnished rooms with exact labels, drawn on first use: the toy world of this project.

    Deterministic from (split, scene); the splits never share a scene. Every view has its intrinsics and pose and, with
    ``regions='instances'``, the room's own instances for regions. The cache stands in ``cache`` or, by default, in
    ``MMMTL_CACHE`` or ``~/.cache/mmmtl``; several processes may start at once.

    Args:
        split: ``'train'``, ``'val'`` or ``'test'``.
        scenes: How many rooms.
        num_views: How many cameras look into each room.
        size: (H, W) in pixels.
        view_mode: ``'single'`` for one record per view, ``'all'`` for one record per scene with all its views,
            ``'stereo'`` for one record per rectified pair, left first.
        stereo: Render a right view beside every view, 2v and 2v + 1 being a rectified pair.
        apart: Metres from the first camera of a room to the others, (least, most).
        nearest: Metres that should be free in front of the others, as they are in front of the first one (0.5); of the
            places that are tried for each, the best is taken.
        variety: ``'plain'``, or ``'photographs'`` for rooms that carry over to photographs: several lamps and windows,
            the sun, all colours of light, rich textures in muted colours, cameras from knee height to above the head,
            tilted, with lenses of 45 to 95 degrees across (else 60 to 75), and pictures as consumer cameras make them.
            Labels and cameras are as exact as those of plain rooms; lenses have no distortion, which a pinhole camera
            could not state.
        cache: Folder for what has been drawn.
        kwargs: Those of `MultiTaskDataset`; knows ``semseg``, ``depth``, ``normal`` and ``edge``, the
            boundaries of instances: objects, and the planes of walls, floor and ceiling.
    """

    CLASSES = CLASSES

    def __init__(
        self,
        *,
        split: str,
        scenes: int,
        num_views: int = 4,
        size: tuple[int, int] = (128, 160),
        view_mode: str = 'single',
        stereo: bool = False,
        apart: tuple[float, float] = Neighbours.apart,
        nearest: float = Neighbours.nearest,
        variety: str = PLAIN.name,
        cache: str | None = None,
        **kwargs,
    ) -> None:
        if split not in ('train', 'val', 'test'):
            raise ConfigError(f"SyntheticRooms.split must be 'train', 'val' or 'test', found {split!r}")
        if view_mode not in ('single', 'all', 'stereo'):
            raise ConfigError(f"SyntheticRooms.view_mode must be 'single', 'all' or 'stereo', found {view_mode!r}")
        if view_mode == 'stereo' and not stereo:
            raise ConfigError("SyntheticRooms.view_mode='stereo' needs stereo=True, so that right views are rendered")
        if len(apart) != 2 or not 0 < apart[0] <= apart[1]:
            raise ConfigError(f'SyntheticRooms.apart must be (least, most) metres above 0, found {apart}')
        if not 0 <= nearest < np.inf:
            raise ConfigError(f'SyntheticRooms.nearest must be metres from 0 on, found {nearest}')
        if variety not in VARIETIES:
            known = ' or '.join(map(repr, VARIETIES))
            raise ConfigError(f'SyntheticRooms.variety must be {known}, found {variety!r}')
        self.split, self.scenes, self.view_mode, self.variety = split, scenes, view_mode, variety
        root = Path(cache) if cache else cache_root()
        self.folder = ensure_rooms(
            root,
            split,
            scenes=scenes,
            views=num_views,
            size=(size[0], size[1]),
            stereo=stereo,
            neighbours=Neighbours((apart[0], apart[1]), nearest),
            variety=VARIETIES[variety],
        )
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        records = []
        for scene in range(self.scenes):
            folder = self.folder / f'{scene:05d}'
            if (folder / 'checksums.json').is_file():  # rooms drawn by an earlier version have none
                self.checksums.read(folder / 'checksums.json')
            cameras = read_cameras(folder / 'cameras.json')
            self.checksums.verify(folder / 'cameras.json')
            views = tuple(self._view(folder, number, camera) for number, camera in enumerate(cameras))
            records += scene_records(folder.name, views, self.view_mode)
        return records

    @staticmethod
    def _view(folder: Path, number: int, camera: dict) -> View:
        labels: dict[str, LabelReader] = {
            'semseg': LabelFile(folder / f'{number}_semseg.png'),
            'depth': LabelFile(folder / f'{number}_depth.npz'),
            'normal': LabelFile(folder / f'{number}_normal.npz'),
            'edge': InstanceBoundaries(folder / f'{number}_instances.png'),
        }
        return View(
            folder / f'{number}_image.png',
            labels,
            camera['intrinsics'],
            camera['camera_T_world'],
            instances=folder / f'{number}_instances.png',
        )

    def __repr__(self) -> str:
        kind = '' if self.variety == PLAIN.name else f', {self.variety}'
        return f'SyntheticRooms({self.split}, {self.scenes} scenes{kind})'


def read_cameras(path: Path) -> list[dict[str, np.ndarray]]:
    """Per view ``intrinsics`` (3, 3) and ``camera_T_world`` (4, 4).

    Raises:
        DataError: The file is missing, cut off or holds something else.
    """
    try:
        return [
            {
                'intrinsics': np.array(camera['intrinsics'], float).reshape(3, 3),
                'camera_T_world': np.array(camera['camera_T_world'], float).reshape(4, 4),
            }
            for camera in json.loads(path.read_text())
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(
            f'{path}: expected the cameras of a generated room ({type(error).__name__}: {error}); delete '
            'the folder, and the room is drawn again'
        ) from None
