"""Frames of an RGB-D video without poses -> posed pairs in metres, as the scenes that `PosedViews` reads.

    tools/dataset_converters/estimate_poses.py FRAMES DST [--every N] [--size H W] [--overlap A B] [--baseline A B]

FRAMES is a folder with ``color/NAME.jpg`` (or .png) and ``depth/NAME.png`` (16 bit, registered to colour, 0 or 65535 =
missing), in the order of their names, and, if the camera is known, ``cam.txt``: 3 x 3 intrinsics in pixels of the
images with centres at +0.5. Lens distortion is not modelled: undistort first.

COLMAP (``pip install 'mmmtl[poses]'``) estimates the poses up to scale; the scale in metres is the median of sensor
depth over reconstructed depth. Pairs are chosen by overlap and baseline; with ``--whole`` all frames become one scene.
The folder ``DST/.poses`` keeps matches and poses, so a second run goes on where the first one stopped.
"""

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from conversion import Output, existing
from metric_scale import metric_scale
from posed_scenes import PosedFrame, write_pairs, write_scene
from structure_from_motion import Reconstruction, reconstruct

from mmmtl.cli.command_line import command
from mmmtl.datasets.label_readers.sensor_depth import MISSING
from mmmtl.datasets.overlapping_views import PairRule
from mmmtl.datasets.records import is_any_of
from mmmtl.errors import DataError
from mmmtl.files.reading import check_unturned, read_array, read_image
from mmmtl.files.text_files import load_numbers

SUFFIXES = {'.jpg', '.jpeg', '.png'}


def find_frames(folder: Path, every: int) -> list[Path]:
    """Every so many-th image that has depth.

    Raises:
        DataError: There are fewer than two, or EXIF turns one.
    """
    images = sorted(
        path
        for path in existing(folder / 'color', 'the frames of the video').iterdir()
        if path.suffix.lower() in SUFFIXES
    )[::every]
    frames = [path for path in images if depth_path(path).is_file()]
    if len(frames) < 2:
        raise DataError(
            f'{folder}: {len(images)} images in color/, of which {len(frames)} have their depth as '
            'depth/NAME.png; at least two are needed'
        )
    for path in frames:
        check_unturned(path)  # COLMAP takes the pixels as they are stored
    return frames


def depth_path(image: Path) -> Path:
    """Where the depth of an image lies."""
    return image.parents[1] / 'depth' / f'{image.stem}.png'


def read_depth(path: Path, units: float, size: tuple[int, int]) -> np.ndarray:
    """(H, W) metres at the size of the image."""
    depth = read_array(path)
    if depth.ndim != 2 or depth.dtype.kind not in 'iu':
        raise DataError(f'{path}: expected depth H x W of whole numbers, found {depth.shape} {depth.dtype}')
    depth = np.where(is_any_of(depth, MISSING), 0, depth).astype(np.float32)
    return cv2.resize(depth / units, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)


def read_camera(folder: Path) -> np.ndarray | None:
    """cam.txt (3, 3), None where there is none."""
    path = folder / 'cam.txt'
    if not path.is_file():
        return None
    intrinsics = load_numbers(path, columns=3)
    if intrinsics.shape != (3, 3):
        raise DataError(f'{path}: expected 3 x 3 intrinsics, found {intrinsics.shape}')
    return intrinsics


def to_metres(found: Reconstruction, scale: float) -> dict[str, np.ndarray]:
    """Poses (4, 4) whose translations are metres."""
    factor = np.ones((4, 4))
    factor[:3, 3] = scale
    return {name: pose * factor for name, pose in found.camera_T_world.items()}


def estimate(
    frames: Sequence[Path],
    work: Path,
    *,
    intrinsics: np.ndarray | None,
    units: float,
    least_share: float,
    sequential: bool,
    threads: int,
) -> dict:
    """``intrinsics``, ``poses`` by file name and what is to be told of them; from ``work`` where they are there.

    Raises:
        DataError: Too few frames came together, or their depth does not tell the scale.
    """
    size = read_image(frames[0]).shape[:2]
    asked = {
        'frames': [path.name for path in frames],
        'sequential': sequential,
        'camera': None if intrinsics is None else intrinsics.tolist(),
    }
    kept = work / 'poses.json'
    if kept.is_file():
        estimated = json.loads(kept.read_text())
        if estimated['asked'] != asked:
            raise DataError(
                f'{work}: holds the poses of other frames or of another camera; delete it, or take another DST'
            )
    else:
        found = reconstruct(
            frames[0].parent, asked['frames'], work, intrinsics=intrinsics, sequential=sequential, threads=threads
        )
        depths = {
            path.name: read_depth(depth_path(path), units, size) for path in frames if path.name in found.camera_T_world
        }
        try:
            scale, spread = metric_scale(found.points, depths)
        except DataError as error:
            raise DataError(f'{frames[0].parents[1]}: {error}') from None
        estimated = {
            'asked': asked,
            'scale': scale,
            'spread': spread,
            'intrinsics': found.intrinsics.tolist(),
            'poses': {name: pose.tolist() for name, pose in sorted(to_metres(found, scale).items())},
        }
        Output(work).write('poses.json', estimated)
    registered = len(estimated['poses'])
    if registered < max(2, least_share * len(frames)):
        raise DataError(
            f'{frames[0].parents[1]}: COLMAP brought together {registered} of {len(frames)} frames, less '
            f'than the share of {least_share:g}; take frames that lie closer (a smaller --every), or allow '
            'it by --least'
        )
    return estimated


@command
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('frames', type=Path, help='folder with color/ and depth/')
    parser.add_argument('dst', type=Path, help='folder to fill; what it holds already is kept')
    parser.add_argument('--every', type=int, default=1, help='one frame in so many')
    parser.add_argument('--size', type=int, nargs=2, metavar=('H', 'W'), help='of what is written; as the frames are')
    parser.add_argument('--overlap', type=float, nargs=2, default=(0.6, 0.9), metavar=('LEAST', 'MOST'))
    parser.add_argument('--baseline', type=float, nargs=2, default=(0.05, 0.3), metavar=('LEAST', 'MOST'))
    parser.add_argument('--depth-scale', type=float, default=1000, help='units of the depth maps per metre')
    parser.add_argument('--least', type=float, default=0.5, help='share of the frames that must come together')
    parser.add_argument('--whole', action='store_true', help='one scene of all frames instead of pairs')
    parser.add_argument('--exhaustive', action='store_true', help='match every frame with every other: few frames only')
    parser.add_argument('--threads', type=int, default=-1, help='of COLMAP; all cores by default')
    args = parser.parse_args()
    frames = find_frames(args.frames, args.every)
    name = args.frames.resolve().name
    size = read_image(frames[0]).shape[:2]
    estimated = estimate(
        frames,
        args.dst / '.poses' / name,
        intrinsics=read_camera(args.frames),
        units=args.depth_scale,
        least_share=args.least,
        sequential=not args.exhaustive,
        threads=args.threads,
    )
    print(
        f'{name}: {len(estimated["poses"])} of {len(frames)} frames have a pose; 1 unit of COLMAP is '
        f'{estimated["scale"]:.4g} m, to {100 * estimated["spread"]:.1f} %'
    )
    posed = [
        PosedFrame(
            partial(read_image, path),
            partial(read_depth, depth_path(path), args.depth_scale, size),
            np.array(estimated['poses'][path.name]),
        )
        for path in frames
        if path.name in estimated['poses']
    ]
    output, intrinsics = Output(args.dst), np.array(estimated['intrinsics'])
    wanted = tuple(args.size or size)
    if args.whole:
        write_scene(output, name, posed, intrinsics, wanted)
    else:
        rule = PairRule(tuple(args.overlap), tuple(args.baseline))
        write_pairs(output, name, posed, intrinsics, size=wanted, rule=rule)


if __name__ == '__main__':
    main()
