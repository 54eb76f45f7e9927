"""Unpack the files of KITTI's zip archives that `KITTI` and `KITTISemantics` read.

``mmmtl convert-dataset kitti --help`` describes the source and the result.
"""

import re
from pathlib import Path

from mmmtl.datasets.benchmarks.kitti_frames import read_frames

DATE = r'\d{4}_\d\d_\d\d'
DRIVE = rf'{DATE}_drive_\d{{4}}_sync'
MEMBERS = {  # folder -> pattern of the end of the member names that are unpacked into it
    'raw': rf'{DATE}/(?:calib_(?:cam_to_cam|velo_to_cam)\.txt'
    rf'|{DRIVE}/(?:image_0[23]/data/\d{{10}}\.png|velodyne_points/data/\d{{10}}\.bin))',
    'depth': rf'(?:train|val)/{DRIVE}/proj_depth/groundtruth/image_0[23]/\d{{10}}\.png',
    'semantics': r'training/(?:image_2|semantic)/\d{6}_10\.png',
}


def kitti_path(member: str) -> str | None:
    """Return the path below the root of an archive member; None for files that are not read."""
    for folder, pattern in MEMBERS.items():
        match = re.search(rf'(?:^|/)({pattern})$', member)
        if match:
            return f'{folder}/{match[1]}'
    return None


def count_frames(root: Path, path: Path) -> tuple[int, int, int]:
    """Return the numbers of frames in a split list, of those with an image, and of the latter with annotated depth.

    Args:
        root: Folder of the unpacked files.
        path: Split list.
    """
    frames = read_frames(path)
    present = [
        frame
        for frame in frames
        if any(
            (root / 'raw' / frame.date / frame.drive / f'image_{frame.camera}' / 'data' / name).is_file()
            for name in (f'{frame.frame}.png', f'{frame.frame}.jpg')
        )
    ]
    labelled = [
        frame
        for frame in present
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
    return len(frames), len(present), len(labelled)
