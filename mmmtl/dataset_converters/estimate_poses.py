"""Estimate the camera poses of an RGB-D video, and write its frames as scenes that `PosedViews` reads.

``mmmtl convert-dataset estimate-poses --help`` describes the source and the result.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from mmmtl.dataset_converters.metric_scale import metric_scale
from mmmtl.dataset_converters.posed_scenes import PosedFrame, write_pairs, write_scene
from mmmtl.dataset_converters.structure_from_motion import Reconstruction, reconstruct
from mmmtl.datasets.label_readers.sensor_depth import MISSING
from mmmtl.datasets.overlapping_views import PairRule
from mmmtl.datasets.records import is_any_of
from mmmtl.errors import DataError
from mmmtl.files.output_folder import Output, existing
from mmmtl.files.reading import check_unrotated, read_array, read_image
from mmmtl.files.text_files import read_intrinsics_file

SUFFIXES = {'.jpg', '.jpeg', '.png'}


def find_frames(folder: Path, every: int) -> list[Path]:
    """Return every ``every``-th image, without those that have no depth.

    Raises:
        DataError: There are fewer than two, or one has an EXIF rotation.
    """
    images = sorted(
        path
        for path in existing(folder / 'color', 'the frames of the video').iterdir()
        if path.suffix.lower() in SUFFIXES
    )[::every]
    frames = [path for path in images if depth_path(path).is_file()]
    if len(frames) < 2:
        raise DataError(
            f'{folder}: with --every {every}, {len(images)} images of color/ are used, and {len(frames)} of them have '
            'a depth map depth/NAME.png; at least two are needed'
        )
    for path in frames:
        check_unrotated(path)  # COLMAP ignores the EXIF rotation
    return frames


def depth_path(image: Path) -> Path:
    """Return the depth file of an image."""
    return image.parents[1] / 'depth' / f'{image.stem}.png'


def read_sensor_depth(path: Path, units: float, size: tuple[int, int]) -> np.ndarray:
    """Read sensor depth (H, W), float32, in metres, resized to the size of the image.

    Args:
        path: Depth file; 0 and 65535 are missing values.
        units: Units of the file per metre.
        size: Size (H, W) of the image.

    Returns:
        Depth, 0 where it is missing.

    Raises:
        DataError: The file is not a map of integers.
    """
    depth = read_array(path)
    if depth.ndim != 2 or depth.dtype.kind not in 'iu':
        raise DataError(f'{path}: expected depth H x W of whole numbers, found {depth.shape} {depth.dtype}')
    depth = np.where(is_any_of(depth, MISSING), 0, depth).astype(np.float32)
    return cv2.resize(depth / units, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)


def _read_camera(folder: Path) -> np.ndarray | None:
    """Return the intrinsics (3, 3) in ``cam.txt``; None if there is no such file."""
    path = folder / 'cam.txt'
    return read_intrinsics_file(path) if path.is_file() else None


def to_metres(found: Reconstruction, scale: float) -> dict[str, np.ndarray]:
    """Return the poses (4, 4) by file name, with translations multiplied by ``scale``, metres per unit."""
    factor = np.ones((4, 4))
    factor[:3, 3] = scale
    return {name: pose * factor for name, pose in found.camera_T_world.items()}


def estimate(
    frames: Sequence[Path],
    work: Path,
    *,
    intrinsics: np.ndarray | None,
    units: float,
    min_fraction: float,
    sequential: bool,
    threads: int,
) -> dict:
    """Return ``intrinsics``, ``poses`` by file name and statistics for the log; a result in ``work`` is reused.

    Raises:
        DataError: Too few frames were registered, or the scale cannot be estimated from their depth.
    """
    size = read_image(frames[0]).shape[:2]
    names = [path.name for path in frames]
    request = {
        'frames': names,
        'sequential': sequential,
        'units': units,
        'camera': None if intrinsics is None else intrinsics.tolist(),
    }
    result = work / 'poses.json'
    if result.is_file():
        estimated = json.loads(result.read_text())
        if estimated['asked'] != request:
            raise DataError(
                f'{work}: contains the poses of different frames, of a different camera or with different options; '
                'delete it, or use another DST'
            )
    else:
        found = reconstruct(
            frames[0].parent, names, work, intrinsics=intrinsics, sequential=sequential, threads=threads
        )
        depths = {
            path.name: read_sensor_depth(depth_path(path), units, size)
            for path in frames
            if path.name in found.camera_T_world
        }
        try:
            scale, spread = metric_scale(found.points, depths)
        except DataError as error:
            raise DataError(f'{frames[0].parents[1]}: {error}') from None
        estimated = {
            'asked': request,
            'scale': scale,
            'spread': spread,
            'intrinsics': found.intrinsics.tolist(),
            'poses': {name: pose.tolist() for name, pose in sorted(to_metres(found, scale).items())},
        }
        Output(work).write('poses.json', estimated)
    registered = len(estimated['poses'])
    if registered < max(2, min_fraction * len(frames)):
        raise DataError(
            f'{frames[0].parents[1]}: COLMAP registered {registered} of {len(frames)} frames, less than the '
            f'required fraction of {min_fraction:g}; use frames that are closer together (a smaller --every), or '
            'set a smaller fraction with --least'
        )
    return estimated


def convert_video(
    source: Path,
    dst: Path,
    *,
    every: int,
    size: tuple[int, int] | None,
    rule: PairRule | None,
    units: float,
    min_fraction: float,
    sequential: bool,
    threads: int,
) -> None:
    """Estimate the poses of a video and write its frames as scenes; print how many frames have a pose.

    Args:
        source: Folder with ``color/`` and ``depth/``.
        dst: Folder to fill.
        every: Use one frame in ``every``.
        size: Size (H, W) of the written frames; None for the original one.
        rule: Chooses pairs; None writes all frames as one scene.
        units: Units of the depth maps per metre.
        min_fraction: Fraction of the frames for which a pose must be found.
        sequential: Match only frames that are close in time.
        threads: Number of threads of COLMAP; -1 for all cores.

    Raises:
        MissingExtraError: pycolmap is not installed.
        DataError: A file is missing or damaged, too few frames get a pose, or the scale cannot be estimated.
    """
    frames = find_frames(source, every)
    name = source.resolve().name
    own_size = read_image(frames[0]).shape[:2]
    estimated = estimate(
        frames,
        dst / '.poses' / name,
        intrinsics=_read_camera(source),
        units=units,
        min_fraction=min_fraction,
        sequential=sequential,
        threads=threads,
    )
    print(
        f'{name}: {len(estimated["poses"])} of {len(frames)} frames have a pose; 1 unit of COLMAP is '
        f'{estimated["scale"]:.4g} m (spread {100 * estimated["spread"]:.1f} %)'
    )
    posed = [
        PosedFrame(
            partial(read_image, path),
            partial(read_sensor_depth, depth_path(path), units, own_size),
            np.array(estimated['poses'][path.name]),
        )
        for path in frames
        if path.name in estimated['poses']
    ]
    output, intrinsics = Output(dst), np.array(estimated['intrinsics'])
    if rule is None:
        write_scene(output, name, posed, intrinsics, size or own_size)
    else:
        write_pairs(output, name, posed, intrinsics, size=size or own_size, rule=rule)
