"""Write scenes that `PosedViews` reads, and choose the pairs of a video for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mmmtl.dataset_converters.unpacking import jpeg, shrink, subsample_label
from mmmtl.datasets.overlapping_views import PairRule, choose_neighbours
from mmmtl.errors import DataError
from mmmtl.files.output_folder import Output
from mmmtl.files.text_files import read_numbers

TOLERANCE = 1e-5  # of written intrinsics and poses; other processors differ in the last digit


@dataclass(frozen=True)
class PosedFrame:
    """A frame of a video with functions that load its image and its depth."""

    image: Callable[[], np.ndarray]  # (H, W, 3) uint8 RGB
    depth: Callable[[], np.ndarray]  # (H, W) metres, 0 where it is missing
    camera_T_world: np.ndarray  # (4, 4)


def write_scene(
    output: Output, name: str, frames: Sequence[PosedFrame], intrinsics: np.ndarray, size: tuple[int, int]
) -> None:
    """Write frames as the views of one scene, unless it exists, is complete and has the same cameras.

    Args:
        output: Folder of the scenes.
        name: Name of the scene.
        frames: Its views.
        intrinsics: (3, 3) in pixels of the original frames, with pixel centres at +0.5.
        size: Size (H, W) of the written images and depth maps.

    Raises:
        DataError: The scene exists with other cameras: another size, or other frames.
    """
    files = [f'{name}/{view}{suffix}' for view in range(len(frames)) for suffix in ('.jpg', '.png')]
    first = frames[0].image()
    scale = np.array([[size[1] / first.shape[1]], [size[0] / first.shape[0]], [1]])
    cameras = {
        f'{name}/cam.txt': [' '.join(f'{value:.6f}' for value in row) for row in intrinsics * scale],
        f'{name}/poses.txt': [
            ' '.join(f'{value:.9f}' for value in frame.camera_T_world[:3].ravel()) for frame in frames
        ],
    }
    if output.has(*files, *cameras):
        for file, lines in cameras.items():
            stored, expected = read_numbers(output.root / file), np.loadtxt(lines, ndmin=2)
            if stored.shape != expected.shape or not np.allclose(stored, expected, rtol=0, atol=TOLERANCE):
                raise DataError(
                    f'{output.root / file}: the scene was written with a different size or from different frames; '
                    'choose another DST, or delete the scene'
                )
        return
    for view, frame in enumerate(frames):
        image, depth = frame.image(), frame.depth()
        millimetres = np.round(np.nan_to_num(depth, posinf=0, neginf=0).clip(0, 65.535) * 1000).astype(np.uint16)
        output.write(f'{name}/{view}.jpg', jpeg(shrink(image, size)))
        output.write(f'{name}/{view}.png', subsample_label(millimetres, size))
    for file, lines in cameras.items():  # last: a scene without these files is incomplete
        output.write(file, lines)


def write_pairs(
    output: Output,
    name: str,
    frames: Sequence[PosedFrame],
    intrinsics: np.ndarray,
    *,
    size: tuple[int, int],
    rule: PairRule,
) -> None:
    """Write each frame of a video and its neighbour as a scene of two views; print the number of pairs.

    Args:
        output: Folder of the scenes.
        name: Name of the video; the scenes are named ``{name}_{frame:05d}``.
        frames: Frames of the video.
        intrinsics: (3, 3) in pixels of the original frames, with pixel centres at +0.5.
        size: Size (H, W) of the written images and depth maps.
        rule: Required overlap and baseline; frames without such a neighbour are skipped.
    """
    neighbours = choose_neighbours(
        np.stack([frame.camera_T_world for frame in frames]), intrinsics, lambda index: frames[index].depth(), rule
    )
    pairs = [(index, other) for index, other in enumerate(neighbours) if other is not None]
    for index, other in output.progress(pairs, name):
        write_scene(output, f'{name}_{index:05d}', (frames[index], frames[other]), intrinsics, size)
    print(f'{name}: {len(pairs)} pairs; {len(frames) - len(pairs)} of {len(frames)} frames have no suitable neighbour')
