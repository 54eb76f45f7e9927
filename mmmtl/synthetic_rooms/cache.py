"""Rendered rooms on disk: made once, read many times."""

import gc
import json
import multiprocessing
import os
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

from mmmtl.extras import import_extra
from mmmtl.files.checksums import write_checksums
from mmmtl.progress import progress
from mmmtl.synthetic_rooms.cameras import BESIDE, Neighbours, place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import RENDERING, build_scene
from mmmtl.synthetic_rooms.variety import PLAIN, Variety

BASELINE = 0.2  # metres between the two cameras of a stereo pair
LARGE = 16 * 1024 * 1024  # bytes; from 32 MiB on glibc does not learn from what is freed
WORTH_A_POOL = 150  # views; fewer are rendered sooner than workers start


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
    """Render what is missing of `scenes` scenes with `views` views of size (H, W); returns the split's folder.

    Layout::

        {root}/rooms-v1-{H}x{W}-{views}views[-{near}to{far}m][-from{nearest}m][-stereo][-{variety}]/{split}/{scene:05d}/
            {v}_image.png       uint8 (H, W, 3)
            {v}_semseg.png      uint8 (H, W), index into CLASSES
            {v}_instances.png   uint16 (H, W), the same in all views of the scene
            {v}_depth.npz       `values` float32 (H, W), metres
            {v}_normal.npz      `values` float32 (H, W, 3), camera frame
            cameras.json        per view v: intrinsics (3, 3), camera_T_world (4, 4)
            checksums.json      of all these files

    Cameras of a scene stand as `neighbours` says, and rooms differ as `variety` says; the folder's name tells what is
    not the default.
    With `stereo`, view 2i is the left and 2i + 1 the right image of pair i, rectified, for i below `views`.

    A scene's folder appears at once when it is complete. Of two processes that ask for the same rooms, one renders and
    the other waits for it.
    """
    name = f'rooms-v1-{size[0]}x{size[1]}-{views}views{neighbours}' + ('-stereo' if stereo else '')
    name += '' if variety == PLAIN else f'-{variety.name}'
    folder = Path(root) / name / split
    if not missing_scenes(folder, scenes):
        return folder
    import_extra('embreex', RENDERING)  # before a folder is made, and not in a worker process
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f'{split}.lock'):
            for leftover in folder.glob('.*.partial'):  # of a killed process: whoever writes holds the lock
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
    """Return the indices of the scenes that the folder lacks."""
    present = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    return [index for index in range(scenes) if f'{index:05d}' not in present]


def render_all(folder: Path, missing: list[int], views: int, work: Callable[[int], None]) -> None:
    """Render scenes in all processes this one may use.

    Workers come from a fork server: it is a fresh process without threads, which a fork of this one, where torch may
    have started some, is not.
    """
    workers = min(available_cores(), len(missing))
    alone = workers == 1 or multiprocessing.current_process().daemon
    if alone or len(missing) * views < WORTH_A_POOL:
        for index in missing:
            work(index)
        return
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload([__name__])
    print(f'rendering {len(missing)} rooms into {folder}', file=sys.stderr)
    with no_main_module():
        pool = context.Pool(workers, initializer=settle_down)
    with pool:
        for _ in progress(pool.imap_unordered(work, missing), description='rooms', unit='room', total=len(missing)):
            pass


def settle_down() -> None:
    """For a process that does nothing but draw rooms: spare it work that its views do not need.

    What has been imported stays, so it is hidden from the garbage collector, which would search it again and again. And
    glibc keeps freed memory up to twice the size of the largest array that was given back to the system; without one,
    every view pays for hundreds of page faults.
    """
    gc.freeze()
    np.empty(LARGE, np.uint8)  # never written to, and freed at once


@contextmanager
def no_main_module() -> Iterator[None]:
    """Hide the caller's script: workers import it first, which runs it again where it lacks its ``__main__`` guard."""
    main = sys.modules['__main__']
    sys.modules['__main__'] = ModuleType('__main__')
    try:
        yield
    finally:
        sys.modules['__main__'] = main


def available_cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


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
    """Render one scene into a hidden folder and give it its name when it is complete."""
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
    described = [
        dict(intrinsics=camera.intrinsics.tolist(), camera_T_world=camera.camera_T_world.tolist()) for camera in cameras
    ]
    (partial_folder / 'cameras.json').write_text(json.dumps(described))
    write_checksums(partial_folder / 'checksums.json', partial_folder.iterdir())
    partial_folder.rename(folder / f'{index:05d}')


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write an image (H, W) or (H, W, 3), BGR, as PNG."""
    path.write_bytes(cv2.imencode('.png', pixels)[1].tobytes())
