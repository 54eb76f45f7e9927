"""CPU time to build a dataset of many files, compared with a plain listing of the same files.

benchmarks/start_up.py [--images 100000] [--cases folder scenes kitti]

``folder``: a `FolderDataset` of N images, each with two labels, all in one folder per task. ``scenes``: `PosedViews` of
N / 2 scenes of two views, each with a depth map, an intrinsics and a pose file. ``kitti``: `KITTI` with N images and
their depth in drives of 1000 frames, and a split file that lists them. Images and labels are empty files in a
temporary folder, since the datasets do not open them. The listing is `os.walk` with sorted names. ``workers``: the
size of the pickled dataset, which is sent to worker processes that are not forked, and the time to write and read it.
"""

import os
import pickle
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mmmtl.cli.command_line import command
from mmmtl.datasets import KITTI, FolderDataset, PosedViews
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import Depth, Normal, SemSeg

PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]
LABELS = dict(semseg=dict(folder='masks', kind='classes', void=255), depth=dict(kind='depth', scale=1e-3, void=0))
CLASSES = tuple(f'class{number}' for number in range(40))
CAMERA = '577.590698 0.0 318.905426\n0.0 578.729797 242.683609\n0.0 0.0 1.0\n'
CALIBRATION = """R_rect_00: 1 0 0 0 1 0 0 0 1
P_rect_02: 721.5377 0 609.5593 44.85728 0 721.5377 172.854 0.2163791 0 0 1 0.002745884
P_rect_03: 721.5377 0 609.5593 -339.5242 0 721.5377 172.854 2.199936 0 0 1 0.002729905
"""
POSES = '1 0 0 {x} 0 1 0 0 0 0 1 0\n0.99995 0 0.01 0.1 0 1 0 0 -0.01 0 0.99995 0.02\n'

T = TypeVar('T')


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--images', type=int, default=100_000, help='number of images (default: %(default)s)')
    parser.add_argument(
        '--cases', nargs='+', default=list(CASES), choices=list(CASES), help='datasets to build (default: all)'
    )
    options = parser.parse_args()
    print(
        f'{"":8}{"files":>9}{"listing s":>11}{"dataset s":>12}{"ratio":>7}{"pickle MB":>11}{"write s":>9}{"read s":>8}'
    )
    for name in options.cases:
        write, build = CASES[name]
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), options.images)
            listing, files = cpu_seconds(lambda folder=folder: list_files(folder))
            seconds, dataset = cpu_seconds(lambda folder=folder, build=build: build(folder))
            assert len(dataset) == options.images // 2 * 2
            writing, pickled = cpu_seconds(lambda dataset=dataset: pickle.dumps(dataset))
            reading, _ = cpu_seconds(lambda pickled=pickled: pickle.loads(pickled))
        size = len(pickled) / 1e6
        print(
            f'{name:8}{len(files):9}{listing:11.2f}{seconds:12.2f}{seconds / listing:7.1f}{size:11.1f}{writing:9.2f}'
            f'{reading:8.2f}'
        )


def cpu_seconds(call: Callable[[], T]) -> tuple[float, T]:
    """Call a function; return the CPU time of this process in seconds, and the result."""
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def list_files(root: str) -> list[str]:
    """List the files below a folder with `os.walk`."""
    return [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in sorted(names)]


def write_folder(root: Path, images: int) -> None:
    """Write empty images and two labels of each."""
    for folder, suffix in (('images', 'jpg'), ('masks', 'png'), ('depth', 'png')):
        (root / folder).mkdir()
        for number in range(images // 2 * 2):
            touch(f'{root}/{folder}/{number:06d}.{suffix}')


def build_folder(root: str) -> FolderDataset:
    """Build the dataset of `write_folder`."""
    tasks = dict(semseg=dict(type=SemSeg, classes=CLASSES), depth=dict(type=Depth))
    return FolderDataset(root=root, tasks=tasks, labels=LABELS, pipeline=PIPELINE)


def write_scenes(root: Path, images: int) -> None:
    """Write scenes of two empty images with depth, and their cameras."""
    for number in range(images // 2):
        scene = root / f'{number:06d}'
        scene.mkdir()
        for view in range(2):
            touch(f'{scene}/{view}.jpg')
            touch(f'{scene}/{view}.png')
        (scene / 'cam.txt').write_text(CAMERA)
        (scene / 'poses.txt').write_text(POSES.format(x=number))


def build_scenes(root: str) -> PosedViews:
    """Build the dataset of `write_scenes`."""
    tasks = dict(depth=dict(type=Depth), normal=dict(type=Normal))
    return PosedViews(root=root, split='all', tasks=tasks, pipeline=PIPELINE)


def write_kitti(root: Path, images: int) -> None:
    """Write empty images of the left camera and their depth in drives of 1000 frames, and the split file."""
    lines = []
    for first in range(0, images // 2 * 2, 1000):
        drive = f'2011_09_26_drive_{first // 1000:04d}_sync'
        color = root / 'raw' / '2011_09_26' / drive / 'image_02' / 'data'
        depth = root / 'depth' / 'train' / drive / 'proj_depth' / 'groundtruth' / 'image_02'
        color.mkdir(parents=True)
        depth.mkdir(parents=True)
        for number in range(min(1000, images // 2 * 2 - first)):
            touch(f'{color}/{number:010d}.png')
            touch(f'{depth}/{number:010d}.png')
            lines.append(f'2011_09_26/{drive} {number} l')
    (root / 'raw' / '2011_09_26' / 'calib_cam_to_cam.txt').write_text(CALIBRATION)
    (root / 'frames.txt').write_text('\n'.join(lines))


def build_kitti(root: str) -> KITTI:
    """Build the dataset of `write_kitti`."""
    return KITTI(root=root, frames=f'{root}/frames.txt', tasks=dict(depth=dict(type=Depth)), pipeline=PIPELINE)


def touch(path: str) -> None:
    """Write an empty file."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))


CASES = {
    'folder': (write_folder, build_folder),
    'scenes': (write_scenes, build_scenes),
    'kitti': (write_kitti, build_kitti),
}

if __name__ == '__main__':
    main()
