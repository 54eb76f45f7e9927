"""Sequences of TUM RGB-D -> pairs that overlap and have parallax, as the scenes that `PosedViews` reads.

``mmmtl convert-dataset tum-rgbd --help`` describes the source and the result.
"""

from functools import partial
from pathlib import Path

import numpy as np

from mmmtl.dataset_converters.posed_scenes import PosedFrame
from mmmtl.errors import DataError
from mmmtl.files.output_folder import existing
from mmmtl.files.reading import read_array, read_image
from mmmtl.files.text_files import read_lines

INTRINSICS = np.array([[525.0, 0, 320], [0, 525.0, 240], [0, 0, 1]])  # 319.5, 239.5 from the middle of the first pixel
UNITS_PER_METRE = 5000
MAX_TIME_DIFFERENCE = 0.02  # seconds


def read_stamped(path: Path, words: int) -> tuple[np.ndarray, list[list[str]]]:
    """Lines 'time word ...' -> times (N,) ascending, and the words.

    Raises:
        DataError: The file is missing, empty, or a line has another number of words.
    """
    lines = [
        line.split()
        for line in read_lines(existing(path, 'a list with time stamps')).values()
        if not line.startswith('#')
    ]
    try:
        lines.sort(key=lambda line: float(line[0]))
        times = np.array([float(line[0]) for line in lines])
    except ValueError as error:
        raise DataError(f'{path}: expected lines that begin with a time ({error}); unpack the sequence again') from None
    if not lines or any(len(line) != words + 1 for line in lines):
        raise DataError(f'{path}: expected lines of a time and {words} words; unpack the sequence again')
    return times, [line[1:] for line in lines]


def _nearest(times: np.ndarray, time: float) -> int | None:
    """The index of the time that is nearest, None where it is more than 20 ms away."""
    index = int(np.abs(times - time).argmin())
    return index if abs(times[index] - time) <= MAX_TIME_DIFFERENCE else None


def pose_of(words: list[str]) -> np.ndarray:
    """Tx ty tz qx qy qz qw, camera to world -> camera_T_world (4, 4)."""
    *centre, x, y, z, w = map(float, words)
    x, y, z, w = np.array([x, y, z, w]) / np.linalg.norm([x, y, z, w])
    world_T_camera = np.eye(4)
    world_T_camera[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    world_T_camera[:3, 3] = centre
    return np.linalg.inv(world_T_camera)


def read_tum_rgbd_depth(path: Path) -> np.ndarray:
    """(H, W) metres."""
    return read_array(path).astype(np.float32) / UNITS_PER_METRE


def read_tum_rgbd(folder: Path, every: int) -> list[PosedFrame]:
    """Return every ``every``-th frame that has depth and a pose.

    Raises:
        DataError: No frame has both.
    """
    image_times, images = read_stamped(folder / 'rgb.txt', 1)
    depth_times, depths = read_stamped(folder / 'depth.txt', 1)
    pose_times, poses = read_stamped(folder / 'groundtruth.txt', 7)
    frames = []
    for time, (image,) in list(zip(image_times, images, strict=True))[::every]:
        depth, pose = _nearest(depth_times, time), _nearest(pose_times, time)
        if depth is not None and pose is not None:
            path = folder / depths[depth][0]
            frames.append(
                PosedFrame(
                    partial(read_image, folder / image), partial(read_tum_rgbd_depth, path), pose_of(poses[pose])
                )
            )
    if not frames:
        raise DataError(
            f'{folder}: no image has depth and a pose within {1000 * MAX_TIME_DIFFERENCE:g} ms; unpack the '
            'sequence again'
        )
    return frames


def read_named_tum_rgbd(folder: Path, every: int) -> tuple[str, list[PosedFrame], np.ndarray]:
    """A sequence is called after its folder, and all have the same camera."""
    return folder.name, read_tum_rgbd(folder, every), INTRINSICS
