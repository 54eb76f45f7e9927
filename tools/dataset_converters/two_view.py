"""The test pairs of DeMoN as DPSNet's authors publish them -> the scenes that `PosedViews` reads, 240 x 320.

    tools/dataset_converters/two_view.py SRC DST [--size H W] [--all]

SRC is the folder ``dataset/test`` of github.com/sunghoonim/DPSNet: ``sun3d_test_00000`` ... and ``rgbd_test_00000``
..., each with two images (.jpg), two depth maps (.npy, metres, 0 = missing), ``cam.txt`` (3 x 3) and ``poses.txt`` (two
rows of 3 x 4, world to camera). The principal point is the middle of the image, (320, 240) of 640 x 480, so pixel
centres are at +0.5. Without ``--all`` the 83 pairs are taken that our benchmark is made of.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from conversion import Output, existing
from posed_scenes import PosedFrame, write_scene

from mmmtl.cli.command_line import command
from mmmtl.errors import DataError
from mmmtl.files.reading import read_array, read_image
from mmmtl.files.text_files import load_numbers

BENCHMARK = [*(f'rgbd_{number:05d}' for number in range(10, 59)), *(f'sun3d_{number:05d}' for number in range(34))]


def read_depth(folder: Path, number: int) -> np.ndarray:
    """(H, W) metres: the published array, or the same in 16-bit millimetres."""
    array = folder / f'{number:04d}.npy'
    if array.is_file():
        return read_array(array).astype(np.float32)
    return read_array(existing(array.with_suffix('.png'), 'the depth of the view')).astype(np.float32) / 1000


def convert(folder: Path, output: Output, name: str, size: tuple[int, int]) -> None:
    """One pair."""
    poses = load_numbers(folder / 'poses.txt', columns=12)
    intrinsics = load_numbers(folder / 'cam.txt', columns=3)
    if len(poses) != 2 or intrinsics.shape != (3, 3):
        raise DataError(f'{folder}: expected two poses and 3 x 3 intrinsics, found {len(poses)} and {intrinsics.shape}')
    frames = [
        PosedFrame(
            partial(read_image, existing(folder / f'{number:04d}.jpg', 'an image of the pair')),
            partial(read_depth, folder, number),
            np.vstack([pose.reshape(3, 4), [0, 0, 0, 1]]),
        )
        for number, pose in enumerate(poses)
    ]
    write_scene(output, name, frames, intrinsics, size)


@command
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('src', type=Path, help='folder that holds sun3d_test_00000 ...')
    parser.add_argument('dst', type=Path, help='folder to fill; what it holds already is kept')
    parser.add_argument('--size', type=int, nargs=2, default=(240, 320), metavar=('H', 'W'))
    parser.add_argument('--all', action='store_true', help='all indoor pairs, not those of the benchmark only')
    args = parser.parse_args()
    folders = {
        path.name.replace('_test', ''): path
        for kind in ('rgbd', 'sun3d')
        for path in sorted(args.src.glob(f'{kind}_test_*'))
    }
    if not args.all:
        missing = [name for name in BENCHMARK if name not in folders]
        if missing:
            raise DataError(
                f'{args.src}: {len(missing)} of the {len(BENCHMARK)} pairs of the benchmark are missing, '
                f'the first is {missing[0]}; complete the folder, or take what is there with --all'
            )
        folders = {name: folders[name] for name in BENCHMARK}
    if not folders:
        raise DataError(f'{args.src}: no folders sun3d_test_00000 or rgbd_test_00000 there')
    output = Output(args.dst)
    for name in output.progress(folders, 'pairs'):
        convert(folders[name], output, name, tuple(args.size))
    print(f'{len(folders)} pairs in {args.dst}')


if __name__ == '__main__':
    main()
