"""Convert sequences of TUM RGB-D to pairs of overlapping views, as scenes that `PosedViews` reads.

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

INTRINSICS = np.array(
    [[525.0, 0, 320], [0, 525.0, 240], [0, 0, 1]]
)  # the principal point is (319.5, 239.5) if pixel centres are at +0
UNITS_PER_METRE = 5000
MAX_TIME_DIFFERENCE = 0.02  # seconds


def read_stamped(path: Path, words: int) -> tuple[np.ndarray, list[list[str]]]:
    """Read lines of a time stamp followed by a number of words.

    Returns:
        Times (N,) in seconds, ascending, and the words of each line.

    Raises:
        DataError: The file is missing or empty, or a line has a different number of words or no time stamp.
    """
    lines = [
        line.split()
        for line in read_lines(existing(path, 'a list of time stamps')).values()
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
    """Return the index of the nearest time, None if it differs by more than 20 ms."""
    index = int(np.abs(times - time).argmin())
    return index if abs(times[index] - time) <= MAX_TIME_DIFFERENCE else None


def pose_of(words: list[str]) -> np.ndarray:
    """Convert ``tx ty tz qx qy qz qw``, camera to world, to ``camera_T_world`` (4, 4)."""
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
    """Read the depth (H, W) float32 in metres of a TUM RGB-D file, 0 where it is missing."""
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
            f'{folder}: no image has depth and a pose within {1000 * MAX_TIME_DIFFERENCE:g} ms; unpack the sequence '
            'again'
        )
    return frames


def read_named_tum_rgbd(folder: Path, every: int) -> tuple[str, list[PosedFrame], np.ndarray]:
    """Return the name of a sequence (that of its folder), its frames and the intrinsics, which all sequences share."""
    return folder.name, read_tum_rgbd(folder, every), INTRINSICS
