"""Writing the scenes that `PosedViews` reads, and choosing pairs of a video for them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mmmtl.dataset_converters.unpacking import jpeg, shrink, subsample_label
from mmmtl.datasets.overlapping_views import PairRule, choose_neighbours
from mmmtl.files.output_folder import Output


@dataclass(frozen=True)
class PosedFrame:
    """A frame of a video; image and depth are opened when they are asked for."""

    image: Callable[[], np.ndarray]  # (H, W, 3) uint8 RGB
    depth: Callable[[], np.ndarray]  # (H, W) metres, 0 = missing
    camera_T_world: np.ndarray  # (4, 4)


def write_scene(
    output: Output, name: str, frames: Sequence[PosedFrame], intrinsics: np.ndarray, size: tuple[int, int]
) -> None:
    """One folder with the frames as views, at (H, W); a scene that is there and whole is kept.

    Args:
        output: The folder of the scenes.
        name: Of the scene.
        frames: Its views.
        intrinsics: (3, 3) of the frames as they are, pixel centres at +0.5.
        size: (H, W) to be written.
    """
    files = [f'{name}/{view}{suffix}' for view in range(len(frames)) for suffix in ('.jpg', '.png')]
    if output.has(*files, f'{name}/cam.txt', f'{name}/poses.txt'):
        return
    for view, frame in enumerate(frames):
        image, depth = frame.image(), frame.depth()
        millimetres = np.round(np.nan_to_num(depth, posinf=0, neginf=0).clip(0, 65.535) * 1000).astype(np.uint16)
        output.write(f'{name}/{view}.jpg', jpeg(shrink(image, size)))
        output.write(f'{name}/{view}.png', subsample_label(millimetres, size))
    scale = np.array([[size[1] / image.shape[1]], [size[0] / image.shape[0]], [1]])
    output.write(f'{name}/cam.txt', [' '.join(f'{value:.6f}' for value in row) for row in intrinsics * scale])
    output.write(
        f'{name}/poses.txt',
        [' '.join(f'{value:.9f}' for value in frame.camera_T_world[:3].ravel()) for frame in frames],
    )  # last: a scene without it is not whole


def write_pairs(
    output: Output,
    name: str,
    frames: Sequence[PosedFrame],
    intrinsics: np.ndarray,
    *,
    size: tuple[int, int],
    rule: PairRule,
) -> None:
    """Write every frame of a video and its neighbour as a scene of two views; print how many have none."""
    neighbours = choose_neighbours(
        np.stack([frame.camera_T_world for frame in frames]), intrinsics, lambda index: frames[index].depth(), rule
    )
    pairs = [(index, other) for index, other in enumerate(neighbours) if other is not None]
    for index, other in output.progress(pairs, name):
        write_scene(output, f'{name}_{index:05d}', (frames[index], frames[other]), intrinsics, size)
    print(f'{name}: {len(pairs)} pairs; {len(frames) - len(pairs)} of {len(frames)} frames without a good neighbour')
