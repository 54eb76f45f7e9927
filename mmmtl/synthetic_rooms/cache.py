"""Render rooms to a folder on disk, which later runs reuse."""

import gc
import json
import multiprocessing
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
from filelock import FileLock

from mmmtl.available_cores import available_cores
from mmmtl.extras import import_extra
from mmmtl.files.checksums import write_checksums
from mmmtl.progress import progress
from mmmtl.synthetic_rooms.cameras import BESIDE, Neighbours, place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import RENDERING, build_scene
from mmmtl.synthetic_rooms.variety import PLAIN, Variety

BASELINE = 0.2  # metres between the two cameras of a stereo pair
LARGE = 16 * 1024 * 1024  # bytes; freeing 32 MiB or more does not raise glibc's threshold
MIN_VIEWS_FOR_WORKERS = 150  # rendering fewer takes less time than starting worker processes


def ensure_rooms(
    root: Path,
    split: str,
    *,
    scenes: int,
    views: int,
    size: tuple[int, int],
    stereo: bool = False,
    neighbours: Neighbours = BESIDE,
    variety: Variety = PLAIN,
) -> Path:
    """Render the missing scenes of a split and return its folder.

    Layout::

        {root}/rooms-v1-{H}x{W}-{views}views[-{near}to{far}m][-from{nearest}m][-stereo][-{variety}]/{split}/{scene:05d}/
            {v}_image.png       uint8 (H, W, 3)
            {v}_semseg.png      uint8 (H, W), index into CLASSES
            {v}_instances.png   uint16 (H, W), the same in all views of the scene
            {v}_depth.npz       `values` float32 (H, W), metres
            {v}_normal.npz      `values` float32 (H, W, 3), camera frame
            cameras.json        per view v: intrinsics (3, 3), camera_T_world (4, 4)
            checksums.json      of all these files

    The folder name lists the options that differ from their defaults. Scenes are written to a hidden folder, which is
    renamed when it is complete. If two processes request the same rooms, one renders them and the other waits.

    Args:
        root: Root of the cache.
        split: Name of the split; with the index of a scene, the seed of its random generator.
        scenes: Number of scenes.
        views: Number of views per scene; with ``stereo``, of rectified pairs.
        size: Image size (H, W) in pixels.
        stereo: Render pairs: view 2i is the left and view 2i + 1 the right image of pair i.
        neighbours: Positions of all cameras of a scene but the first.
        variety: Style of the rooms, the camera positions and the images.

    Raises:
        OSError: The folder cannot be written.
        MissingExtraError: A scene is missing, and embreex, which renders it, is not installed.
    """
    name = f'rooms-v1-{size[0]}x{size[1]}-{views}views{neighbours}' + ('-stereo' if stereo else '')
    name += '' if variety == PLAIN else f'-{variety.name}'
    folder = Path(root) / name / split
    if not missing_scenes(folder, scenes):
        return folder
    import_extra('embreex', RENDERING)  # fail here, before a folder exists and outside a worker process
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f'{split}.lock'):
            for leftover in folder.glob('.*.partial'):  # left by a killed process; every writer holds the lock
                shutil.rmtree(leftover)
            missing = missing_scenes(folder, scenes)
            if missing:
                render = partial(
                    render_scene, folder, views=views, size=size, stereo=stereo, neighbours=neighbours, variety=variety
                )
                render_all(folder, missing, views * (1 + stereo), render)
    except OSError as error:
        raise OSError(
            error.errno, f'cannot write the rendered rooms into {folder}: {error.strerror or error}'
        ) from error
    return folder


def missing_scenes(folder: Path, scenes: int) -> list[int]:
    """Return the indices of the scenes that are not in the folder."""
    present = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    return [index for index in range(scenes) if f'{index:05d}' not in present]


def render_all(folder: Path, missing: list[int], views: int, work: Callable[[int], None]) -> None:
    """Render scenes with one worker process per available core, or in this process if there are few views.

    Workers are started by a fork server, because forking a process in which torch has started threads is unsafe.

    Args:
        folder: Folder of the split, for the log.
        missing: Indices of the scenes to render.
        views: Number of images per scene.
        work: Renders the scene with an index. It must be picklable.
    """
    workers = min(available_cores(), len(missing))
    single_process = workers == 1 or multiprocessing.current_process().daemon
    if single_process or len(missing) * views < MIN_VIEWS_FOR_WORKERS:
        for index in missing:
            work(index)
        return
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload([__name__])
    print(f'rendering {len(missing)} rooms into {folder}', file=sys.stderr)
    with no_main_module():
        pool = context.Pool(workers, initializer=reduce_memory_overhead)
    with pool:
        for _ in progress(pool.imap_unordered(work, missing), description='rooms', unit='room', total=len(missing)):
            pass


def reduce_memory_overhead() -> None:
    """Speed up garbage collection and memory allocation in a process that only renders rooms.

    Imported modules are excluded from garbage collection. Allocating and freeing one large array raises the size up to
    which glibc keeps freed memory (twice the largest freed block); otherwise every view causes hundreds of page faults.
    """
    gc.freeze()
    np.empty(LARGE, np.uint8)  # freed at once


@contextmanager
def no_main_module() -> Iterator[None]:
    """Replace ``sys.modules['__main__']`` by an empty module while workers start.

    Otherwise each worker would run the caller's script again if it has no ``if __name__ == '__main__'`` guard.
    """
    main = sys.modules['__main__']
    sys.modules['__main__'] = ModuleType('__main__')
    try:
        yield
    finally:
        sys.modules['__main__'] = main


def render_scene(
    folder: Path,
    index: int,
    *,
    views: int,
    size: tuple[int, int],
    stereo: bool,
    neighbours: Neighbours,
    variety: Variety,
) -> None:
    """Render one scene into a hidden folder, and rename the folder when it is complete.

    Args:
        folder: Folder of the split; its name is the split.
        index: Index of the scene.
        views: Number of views; with ``stereo``, of rectified pairs.
        size: Image size (H, W) in pixels.
        stereo: Render a right view for every view.
        neighbours: Positions of all cameras but the first.
        variety: Style of the room and its images.
    """
    partial_folder = folder / f'.{index:05d}.partial'
    partial_folder.mkdir()
    scene = build_scene(folder.name, index, variety)
    cameras = place_cameras(scene, views, size, neighbours)
    if stereo:
        cameras = [camera for left in cameras for camera in (left, left.right_neighbour(BASELINE))]
    for v, camera in enumerate(cameras):
        view = render_view(scene, camera)
        write_png(partial_folder / f'{v}_image.png', view['image'][..., ::-1])
        write_png(partial_folder / f'{v}_semseg.png', view['semseg'])
        write_png(partial_folder / f'{v}_instances.png', view['instance'])
        np.savez_compressed(partial_folder / f'{v}_depth.npz', values=view['depth'])
        np.savez_compressed(partial_folder / f'{v}_normal.npz', values=view['normal'])
    parameters = [
        dict(intrinsics=camera.intrinsics.tolist(), camera_T_world=camera.camera_T_world.tolist()) for camera in cameras
    ]
    (partial_folder / 'cameras.json').write_text(json.dumps(parameters))
    write_checksums(partial_folder / 'checksums.json', partial_folder.iterdir())
    partial_folder.rename(folder / f'{index:05d}')


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write an image (H, W), or (H, W, 3) in BGR order, as PNG."""
    path.write_bytes(cv2.imencode('.png', pixels)[1].tobytes())
