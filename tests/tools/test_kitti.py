"""KITTI's archives in miniature -> trees that load, with the frames of a list counted."""

import io
import zipfile

import numpy as np
from PIL import Image

from mmmtl.datasets import KITTI, Cityscapes, KITTISemantics
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import Depth, SemSeg

PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]
DATE, DRIVE = '2011_09_26', '2011_09_26_drive_0001_sync'


def png(values: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(values).save(content, 'PNG')
    return content.getvalue()


def test_archives_become_trees_that_load(mmmtl_command, tmp_path, capsys):
    folder = tmp_path / 'archives'
    folder.mkdir()
    picture, depth = png(np.zeros((6, 20, 3), np.uint8)), np.zeros((6, 20), np.uint16)
    depth[3, 4] = 2560
    calibration = (
        'R_rect_00: 1 0 0 0 1 0 0 0 1\nP_rect_02: 70 0 10 4 0 70 3 0 0 0 1 0\nP_rect_03: 70 0 10 -34 0 70 3 0 0 0 1 0\n'
    )
    drive = {
        f'{DATE}/{DRIVE}/image_{camera}/data/{frame:010d}.png': picture
        for camera in ('00', '02', '03')
        for frame in range(4)
    }
    drive |= {
        f'{DATE}/{DRIVE}/velodyne_points/data/{frame:010d}.bin': np.ones(8, np.float32).tobytes() for frame in range(4)
    } | {f'{DATE}/{DRIVE}/oxts/data/0000000000.txt': b'1 2 3'}
    annotated = f'data_depth_annotated/train/{DRIVE}/proj_depth/groundtruth/image_02'
    members = {
        f'{DRIVE}.zip': drive,
        f'{DATE}_calib.zip': {
            f'{DATE}/calib_cam_to_cam.txt': calibration.encode(),
            f'{DATE}/calib_velo_to_cam.txt': b'R: 1 0 0 0 1 0 0 0 1\nT: 0 0 0\n',
            f'{DATE}/calib_imu_to_velo.txt': b'',
        },
        'data_depth_annotated.zip': {f'{annotated}/{frame:010d}.png': png(depth) for frame in (1, 2)},
        'data_semantics.zip': {
            f'training/{kind}/00000{number}_10.png': png(
                np.full((6, 20, 3) if kind == 'image_2' else (6, 20), 7, np.uint8)
            )
            for kind in ('image_2', 'semantic', 'semantic_rgb')
            for number in range(2)
        }
        | {'testing/image_2/000000_10.png': picture},
    }
    for name, files in members.items():
        with zipfile.ZipFile(folder / name, 'w') as archive:
            for member, content in files.items():
                archive.writestr(member, content)
    frames = tmp_path / 'frames.txt'
    frames.write_text(''.join(f'{DATE}/{DRIVE} {frame} l\n' for frame in range(1, 6)))
    root = tmp_path / 'kitti'
    arguments = ('convert-dataset', 'kitti', folder, root, '--frames', frames)
    mmmtl_command(*arguments)
    assert f'{frames}: 5 frames, 3 images there, 2 of them with depth' in capsys.readouterr().out
    assert not list(root.rglob('*image_00*')) and not list(root.rglob('*oxts*')) and not list(root.rglob('*testing*'))
    assert len([path for path in root.rglob('*') if path.is_file()]) == 8 + 4 + 2 + 2 + 4
    dataset = KITTI(
        root=str(root),
        frames=str(frames),
        view_mode='stereo',
        partial=True,
        tasks={'depth': Depth('depth')},
        pipeline=PIPELINE,
    )
    assert len(dataset) == 2 and dataset[0]['data_samples'][0].gt.depth.max() == 10
    assert (
        len(
            KITTI(
                root=str(root),
                frames=str(frames),
                depth='lidar',
                partial=True,
                tasks={'depth': Depth('depth')},
                pipeline=PIPELINE,
            )
        )
        == 3
    )
    semantics = KITTISemantics(
        root=str(root / 'semantics'),
        split='all',
        partial=True,
        pipeline=PIPELINE,
        tasks={'semseg': SemSeg('semseg', Cityscapes.CLASSES)},
    )
    assert len(semantics) == 2 and semantics[0]['data_samples'][0].gt.semseg.unique().tolist() == [0]
    mmmtl_command(*arguments)
    assert f'{root}/semantics/training/semantic: 0 written, 2 there already' in capsys.readouterr().out
