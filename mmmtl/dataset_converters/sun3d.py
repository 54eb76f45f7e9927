"""Convert sequences of SUN3D to pairs of overlapping views, as scenes that `PosedViews` reads.

``mmmtl convert-dataset sun3d --help`` describes the source and the result.
"""

import re
from functools import partial
from pathlib import Path

import numpy as np

from mmmtl.dataset_converters.posed_scenes import PosedFrame
from mmmtl.errors import DataError
from mmmtl.files.output_folder import existing
from mmmtl.files.reading import read_array, read_image
from mmmtl.files.text_files import read_intrinsics_file, read_matrix

NAME = re.compile(r'\d+-(\d+)')


def read_sun3d_depth(path: Path) -> np.ndarray:
    """Read the depth (H, W) float32 in metres of a SUN3D file, 0 where it is missing."""
    raw = read_array(path).astype(np.uint16)
    return ((raw >> 3) | (raw << 13)).astype(np.float32) / 1000


def files_by_time(folder: Path, suffix: str) -> list[tuple[int, Path]]:
    """Return (time in microseconds, file) of the files with a suffix in a folder, sorted by time.

    Raises:
        DataError: The folder contains no such files.
    """
    found = [
        (int(match[1]), path)
        for path in existing(folder, 'a folder of SUN3D').glob(f'*{suffix}')
        if (match := NAME.fullmatch(path.stem))
    ]
    if not found:
        raise DataError(f'{folder}: no files FRAME-TIME{suffix}; download the sequence again')
    return sorted(found)


def read_sun3d(folder: Path, every: int) -> tuple[list[PosedFrame], np.ndarray]:
    """Return every ``every``-th frame, and the intrinsics (3, 3).

    Raises:
        DataError: A file is missing, or the numbers of poses and images differ.
    """
    images, depths = files_by_time(folder / 'image', '.jpg'), files_by_time(folder / 'depth', '.png')
    newest = max(existing(folder / 'extrinsics', 'a folder of SUN3D').glob('*.txt'), default=folder / 'extrinsics')
    poses = read_matrix(newest, columns=4)
    if len(poses) != 3 * len(images):
        raise DataError(
            f'{newest}: expected 3 rows for each of {len(images)} images, found {len(poses)} rows; '
            'download the sequence again'
        )
    times = np.array([time for time, _ in depths])
    frames = []
    for (time, image), rows in list(zip(images, poses.reshape(-1, 3, 4), strict=True))[::every]:
        _, depth = depths[int(np.abs(times - time).argmin())]
        camera_T_world = np.linalg.inv(np.vstack([rows, [0, 0, 0, 1]]))
        frames.append(PosedFrame(partial(read_image, image), partial(read_sun3d_depth, depth), camera_T_world))
    return frames, read_intrinsics_file(folder / 'intrinsics.txt')


def read_named_sun3d(folder: Path, every: int) -> tuple[str, list[PosedFrame], np.ndarray]:
    """Read a sequence; its name is that of its parent folder and its own, joined by a hyphen (see `read_sun3d`)."""
    return f'{folder.parent.name}-{folder.name}', *read_sun3d(folder, every)
