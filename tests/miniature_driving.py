"""Miniature driving datasets in their official layouts."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

SMALL = 8, 16
KITTI_SIZE = 12, 40
DATE, DRIVE = '2011_09_26', '2011_09_26_drive_0001_sync'
# The rectified cameras of 2011_09_26 at a tenth of the size; the scanner looks along x, the camera along z.
CAMERAS = """calib_time: 09-Jan-2012 13:57:47
corner_dist: 9.950000e-02
R_rect_00: 0.995004 -0.0998334 0 0.0998334 0.995004 0 0 0 1
P_rect_02: 7.215377e+01 0 2.0e+01 4.485728e+00 0 7.215377e+01 6.0e+00 2.163791e-02 0 0 1 2.745884e-03
P_rect_03: 7.215377e+01 0 2.0e+01 -3.395242e+01 0 7.215377e+01 6.0e+00 2.199936e-01 0 0 1 2.729905e-03
"""
SCANNER = """calib_time: 15-Mar-2012 11:37:16
R: 0 -1 0 0 0 -1 1 0 0
T: 0.0 -0.08 -0.27
delta_f: 0.000000e+00 0.000000e+00
"""


def write_cityscapes(root: Path, split: str = 'train', images: int = 3, size: tuple[int, int] = SMALL) -> Path:
    """Images of two cities; the disparity of image n is n + 1 pixels, its label is id 7 + n."""
    for number in range(images):
        city = ('aachen', 'bochum')[number % 2]
        stem = f'{city}/{city}_{number:06d}_000019'

        def path(kind: str, ending: str, stem: str = stem) -> Path:
            name = root / kind / split / f'{stem}_{ending}'
            name.parent.mkdir(parents=True, exist_ok=True)
            return name

        for kind in ('leftImg8bit', 'rightImg8bit'):
            Image.fromarray(np.full((*size, 3), 10 * number, np.uint8)).save(path(kind, f'{kind}.png'))
        Image.fromarray(np.full(size, 7 + number, np.uint8)).save(path('gtFine', 'gtFine_labelIds.png'))
        disparity = np.full(size, (number + 1) * 256 + 1, np.uint16)
        disparity[0] = 0
        Image.fromarray(disparity).save(path('disparity', 'disparity.png'))
        camera = {
            'extrinsic': {'baseline': 0.25, 'pitch': 0.03},
            'intrinsic': {'fx': 20.0, 'fy': 21.0, 'u0': 7.5, 'v0': 3.5},
        }
        path('camera', 'camera.json').write_text(json.dumps(camera))
    return root


def write_cityscapes_mtan(root: Path, split: str = 'train', images: int = 12, size: tuple[int, int] = SMALL) -> Path:
    """MTAN's arrays; image n shows n / 20, class n mod 7 below a void row, disparity n / 100."""
    for kind in ('image', 'label_7', 'depth'):
        (root / split / kind).mkdir(parents=True)
    for number in range(images):
        np.save(root / split / 'image' / f'{number}.npy', np.full((*size, 3), number / 20))
        label = np.full(size, number % 7, np.float32)
        label[0] = -1
        np.save(root / split / 'label_7' / f'{number}.npy', label)
        np.save(root / split / 'depth' / f'{number}.npy', np.full((*size, 1), number / 100, np.float32))
    return root


def write_kitti(root: Path, size: tuple[int, int] = KITTI_SIZE) -> Path:
    """Frames 3 to 7 of one drive, both cameras, a sweep each; improved depth for 5 and 6 only."""
    raw = root / 'raw' / DATE
    for camera in ('02', '03'):
        (raw / DRIVE / f'image_{camera}' / 'data').mkdir(parents=True)
        truth = root / 'depth' / 'val' / DRIVE / 'proj_depth' / 'groundtruth' / f'image_{camera}'
        truth.mkdir(parents=True)
        for frame in range(3, 8):
            Image.fromarray(np.full((*size, 3), frame, np.uint8)).save(
                raw / DRIVE / f'image_{camera}' / 'data' / f'{frame:010d}.png'
            )
        for frame in (5, 6):
            depth = np.zeros(size, np.uint16)
            depth[8, 10:14] = 256 * frame
            Image.fromarray(depth).save(truth / f'{frame:010d}.png')
    (raw / DRIVE / 'velodyne_points' / 'data').mkdir(parents=True)
    for frame in range(3, 8):
        points = np.array([[10.0, 0.5, 0, 0.3], [20.0, 0, 0, 0.1], [-5, 0, 0, 0.2]], np.float32)
        points.tofile(raw / DRIVE / 'velodyne_points' / 'data' / f'{frame:010d}.bin')
    (raw / 'calib_cam_to_cam.txt').write_text(CAMERAS)
    (raw / 'calib_velo_to_cam.txt').write_text(SCANNER)
    return root
