"""KITTI's zip archives -> the trees that `KITTI` and `KITTISemantics` read.

    tools/dataset_converters/kitti.py SRC DST [--frames LIST ...]

SRC is the folder with the archives from cvlibs.net: of the raw data the drives (``2011_09_26_drive_0001_sync.zip``) and
the calibrations (``2011_09_26_calib.zip``), ``data_depth_annotated.zip``, and ``data_semantics.zip``. They become
``DST/raw``, ``DST/depth`` and ``DST/semantics``. Grey images and what no data set of ours reads are left out. With
``--frames`` it is counted how many of the frames of a split list are there, and how many have depth.
"""

import argparse
import re
from pathlib import Path

from conversion import Output
from unpacking import find_archives, unpack

from mmmtl.cli.command_line import command
from mmmtl.datasets.benchmarks.kitti import read_frames

DATE = r'\d{4}_\d\d_\d\d'
DRIVE = rf'{DATE}_drive_\d{{4}}_sync'
PLACES = {  # what a member's name ends with -> the folder that it goes to
    'raw': rf'{DATE}/(?:calib_(?:cam_to_cam|velo_to_cam)\.txt'
    rf'|{DRIVE}/(?:image_0[23]/data/\d{{10}}\.png|velodyne_points/data/\d{{10}}\.bin))',
    'depth': rf'(?:train|val)/{DRIVE}/proj_depth/groundtruth/image_0[23]/\d{{10}}\.png',
    'semantics': r'training/(?:image_2|semantic)/\d{6}_10\.png',
}


def place(member: str) -> str | None:
    """Name in an archive -> name in the tree, None for what nobody reads."""
    for folder, pattern in PLACES.items():
        match = re.search(rf'(?:^|/)({pattern})$', member)
        if match:
            return f'{folder}/{match[1]}'
    return None


def count_frames(root: Path, path: Path) -> tuple[int, int, int]:
    """How many frames a list names, how many images of them are there, and how many of those have improved depth."""
    frames = read_frames(path)
    here = [
        frame
        for frame in frames
        if any(
            (root / 'raw' / frame.date / frame.drive / f'image_{frame.camera}' / 'data' / name).is_file()
            for name in (f'{frame.frame}.png', f'{frame.frame}.jpg')
        )
    ]
    labelled = [
        frame
        for frame in here
        if any(
            (
                root
                / 'depth'
                / part
                / frame.drive
                / 'proj_depth'
                / 'groundtruth'
                / f'image_{frame.camera}'
                / f'{frame.frame}.png'
            ).is_file()
            for part in ('train', 'val')
        )
    ]
    return len(frames), len(here), len(labelled)


@command
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('src', type=Path, help='folder with the zip archives')
    parser.add_argument('dst', type=Path, help='folder to fill; what it holds already is kept')
    parser.add_argument('--frames', type=Path, nargs='*', default=(), metavar='LIST', help='split lists to count')
    args = parser.parse_args()
    output = Output(args.dst)
    unpack(find_archives(args.src), output, place)
    output.report()
    for path in args.frames:
        named, here, labelled = count_frames(args.dst, path)
        print(f'{path}: {named} frames, {here} images there, {labelled} of them with depth')


if __name__ == '__main__':
    main()
