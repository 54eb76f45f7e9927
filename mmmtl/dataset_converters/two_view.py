"""Convert the test pairs of DeMoN, as published by the authors of DPSNet, to scenes that `PosedViews` reads.

``mmmtl convert-dataset two-view --help`` describes the source and the result.
"""

from functools import partial
from pathlib import Path

import numpy as np

from mmmtl.dataset_converters.posed_scenes import PosedFrame, write_scene
from mmmtl.errors import DataError
from mmmtl.files.output_folder import Output, existing
from mmmtl.files.reading import read_array, read_image
from mmmtl.files.text_files import read_intrinsics_file, read_pose_rows

BENCHMARK = [*(f'rgbd_{number:05d}' for number in range(10, 59)), *(f'sun3d_{number:05d}' for number in range(34))]


def _read_depth(folder: Path, number: int) -> np.ndarray:
    """Read the depth (H, W) float32 in metres of a view, from the published array or from a 16-bit PNG in mm."""
    array = folder / f'{number:04d}.npy'
    if array.is_file():
        return read_array(array).astype(np.float32)
    return read_array(existing(array.with_suffix('.png'), 'the depth of the view')).astype(np.float32) / 1000


def convert_pair(folder: Path, output: Output, name: str, size: tuple[int, int]) -> None:
    """Write a pair as a scene of two views of a size (H, W).

    Raises:
        DataError: A file of the pair is missing or damaged.
    """
    poses = read_pose_rows(folder / 'poses.txt')
    intrinsics = read_intrinsics_file(folder / 'cam.txt')
    if len(poses) != 2:
        raise DataError(f'{folder / "poses.txt"}: expected two poses, found {len(poses)}; download the pair again')
    frames = [
        PosedFrame(
            partial(read_image, existing(folder / f'{number:04d}.jpg', 'an image of the pair')),
            partial(_read_depth, folder, number),
            pose,
        )
        for number, pose in enumerate(poses)
    ]
    write_scene(output, name, frames, intrinsics, size)


def find_pairs(source: Path, *, all_pairs: bool) -> dict[str, Path]:
    """Return the folders of the benchmark's pairs, or of all pairs, by name.

    Raises:
        DataError: One of the benchmark's pairs is missing, or there is none at all.
    """
    folders = {
        path.name.replace('_test', ''): path
        for kind in ('rgbd', 'sun3d')
        for path in sorted(source.glob(f'{kind}_test_*'))
    }
    if not all_pairs:
        missing = [name for name in BENCHMARK if name not in folders]
        if missing:
            raise DataError(
                f'{source}: {len(missing)} of the {len(BENCHMARK)} pairs of the benchmark are missing, '
                f'the first is {missing[0]}; add them, or convert all existing pairs with --all'
            )
        folders = {name: folders[name] for name in BENCHMARK}
    if not folders:
        raise DataError(f'{source}: no folder is named like sun3d_test_00000 or rgbd_test_00000; give dataset/test')
    return folders
