"""The dataset of generated rooms."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    """Ray-traced furnished rooms with exact labels, rendered on first use and cached.

    Labels: ``semseg``, ``depth``, ``normal`` and ``edge``, the boundaries between instances; walls, floor and ceiling
    are instances too. Every view has intrinsics and a pose. ``regions='instances'`` uses the instances as regions.

    A scene depends on the split and its index only; no scene occurs in two splits. Several processes may request the
    same rooms at the same time.

    Args:
        split: ``'train'``, ``'val'`` or ``'test'``.
        scenes: Number of rooms.
        num_views: Number of cameras per room.
        size: Image size (H, W) in pixels.
        view_mode: ``'single'`` for one record per view, ``'all'`` for one record per scene with all its views,
            ``'stereo'`` for one record per rectified pair, left view first.
        cameras: How the cameras of a room are placed:

            - ``stereo=True``: Render a second, right view for every view: views 2v and 2v + 1 are a rectified pair.
            - ``apart=(0.1, 0.5)``: Minimum and maximum distance in metres from the first camera to the others.
            - ``nearest=0``: Desired free distance in metres in front of all cameras but the first, which has 0.5. If
              none of the sampled positions has it, the one with the largest free distance is used.
        variety: ``'plain'``, or ``'realistic'`` for networks that are applied to photographs: several lamps and
            windows, sunlight, coloured light, detailed textures in muted colours, tilted cameras from knee height to
            above the head, horizontal fields of view of 45 to 95 degrees (plain: 60 to 75), and the noise, blur and
            exposure of consumer cameras. Labels and cameras are exact in both; lenses have no distortion.
        cache: Cache folder; by default ``MMMTL_CACHE`` or ``~/.cache/mmmtl``.
        **kwargs: Arguments of `MultiTaskDataset`.

    Raises:
        ConfigError: An option has an unknown or impossible value.
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
        cameras: Mapping[str, Any] | None = None,
        variety: str = PLAIN.name,
        cache: str | None = None,
        **kwargs,
    ) -> None:
        if split not in ('train', 'val', 'test'):
            raise ConfigError(f"SyntheticRooms.split must be 'train', 'val' or 'test', found {split!r}")
        if view_mode not in ('single', 'all', 'stereo'):
            raise ConfigError(f"SyntheticRooms.view_mode must be 'single', 'all' or 'stereo', found {view_mode!r}")
        stereo, neighbours = _placement(**(cameras or {}))
        if view_mode == 'stereo' and not stereo:
            raise ConfigError(
                "SyntheticRooms.view_mode='stereo' needs cameras=dict(stereo=True), so that right views are rendered"
            )
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
            neighbours=neighbours,
            variety=VARIETIES[variety],
        )
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        records = []
        for scene in range(self.scenes):
            folder = self.folder / f'{scene:05d}'
            if (folder / 'checksums.json').is_file():  # rooms of earlier versions have no checksums
                self.checksums.read(folder / 'checksums.json')
            cameras = read_cameras(folder / 'cameras.json')
            self.checksums.verify(folder / 'cameras.json')
            views = tuple(self._view(folder, index, camera) for index, camera in enumerate(cameras))
            records += scene_records(folder.name, views, self.view_mode)
        return records

    @staticmethod
    def _view(folder: Path, index: int, camera: dict) -> View:
        labels: dict[str, LabelReader] = {
            'semseg': LabelFile(folder / f'{index}_semseg.png'),
            'depth': LabelFile(folder / f'{index}_depth.npz'),
            'normal': LabelFile(folder / f'{index}_normal.npz'),
            'edge': InstanceBoundaries(folder / f'{index}_instances.png'),
        }
        return View(
            folder / f'{index}_image.png',
            labels,
            camera['intrinsics'],
            camera['camera_T_world'],
            instances=folder / f'{index}_instances.png',
        )

    def __repr__(self) -> str:
        kind = '' if self.variety == PLAIN.name else f', {self.variety}'
        return f'SyntheticRooms({self.split}, {self.scenes} scenes{kind})'


def _placement(
    *,
    stereo: bool = False,
    apart: tuple[float, float] = Neighbours.apart,
    nearest: float = Neighbours.nearest,
    **unknown: Any,
) -> tuple[bool, Neighbours]:
    if unknown:
        raise ConfigError(f'SyntheticRooms.cameras: expected stereo, apart or nearest, found {", ".join(unknown)}')
    if len(apart) != 2 or not 0 < apart[0] <= apart[1]:
        raise ConfigError(f'SyntheticRooms.cameras.apart must be (minimum, maximum) > 0 in metres, found {apart}')
    if not 0 <= nearest < np.inf:
        raise ConfigError(f'SyntheticRooms.cameras.nearest must be a distance >= 0 in metres, found {nearest}')
    return stereo, Neighbours((apart[0], apart[1]), nearest)


def read_cameras(path: Path) -> list[dict[str, np.ndarray]]:
    """Return ``intrinsics`` (3, 3) and ``camera_T_world`` (4, 4) of every view.

    Raises:
        DataError: The file is missing, truncated or in a different format.
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
            'the folder to render the room again'
        ) from None
