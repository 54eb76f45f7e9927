"""KITTI in miniature: split lists of both forms, improved and projected depth, both cameras, the classes of 2015."""

from pathlib import Path

import numpy as np
import pytest
from miniature_driving import CAMERAS, DATE, DRIVE, KITTI_SIZE, write_kitti
from PIL import Image

from mmmtl.datasets import KITTI, Cityscapes, KITTISemantics
from mmmtl.datasets.benchmarks.kitti_calibration import read_kitti_calibration, rectified_camera, rectified_T_lidar
from mmmtl.datasets.benchmarks.kitti_frames import Frame, read_frames
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import ConfigError
from mmmtl.tasks import Depth, SemSeg

TASKS = {'depth': Depth('depth')}
PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]


@pytest.fixture
def root(tmp_path) -> Path:
    return write_kitti(tmp_path / 'kitti')


def write_list(root: Path, *lines: str) -> str:
    path = root / 'frames.txt'
    path.write_text('\n'.join(lines) + '\n')
    return str(path)


ALL = [f'{DATE}/{DRIVE}/image_02/data/{frame:010d}.png None 721.5377' for frame in range(3, 8)]


def load(root: Path, lines: list[str] = ALL, **options) -> KITTI:
    return KITTI(root=str(root), frames=write_list(root, *lines), tasks=TASKS, pipeline=PIPELINE, **options)


def test_improved_depth_is_sparse_and_frames_without_are_left_out(root):
    dataset = load(root, count=2)
    assert [record.name for record in dataset.records] == [f'{DRIVE}/02/{frame:010d}' for frame in (5, 6)]
    depth = dataset[1]['data_samples'][0].gt.depth
    assert depth.count_nonzero() == 4 and depth.max() == 6
    kept = load(root, unlabelled='keep')
    assert [bool(shown) for shown in kept.shown] == [False, False, True, True, False]
    assert not kept[0]['data_samples'][0].gt.keys()


def test_both_forms_of_a_list(root):
    path = Path(
        write_list(
            root,
            f'{DATE}/{DRIVE}/image_03/data/0000000005.jpg',
            f'{DATE}/{DRIVE} 6 l',
            '',
            f'{DATE}/{DRIVE} 0000000007 r',
            f'data/{DATE}/{DRIVE}/image_02/data/0000000003.png other.png',
        )
    )
    assert read_frames(path) == [
        Frame(DATE, DRIVE, '03', '0000000005'),
        Frame(DATE, DRIVE, '02', '0000000006'),
        Frame(DATE, DRIVE, '03', '0000000007'),
        Frame(DATE, DRIVE, '02', '0000000003'),
    ]


@pytest.mark.parametrize(
    'line',
    [
        'nonsense',
        f'{DATE}/{DRIVE} 5',
        f'{DATE}/{DRIVE} five l',
        f'{DATE}/{DRIVE} 5 m',
        '2011_09_26/2011_09_28_drive_0001_sync 5 l',
    ],
)
def test_a_line_of_another_form_is_named(root, data_error, line):
    path = write_list(root, ALL[0], line)
    with data_error(path, 'line 2'):
        read_frames(Path(path))
    with data_error(root / 'missing.txt'):
        read_frames(root / 'missing.txt')


def test_both_cameras_agree_on_where_a_point_is(root):
    left, right = load(root, view_mode='stereo')[0]['data_samples']
    assert left.gt.keys() == ['depth'] and not right.gt.keys()
    assert left.intrinsics[0, 2] == 20.5 and left.intrinsics[1, 2] == 6.5
    point = left.camera_T_world.new_tensor([1.0, 0.5, 10, 1])
    calibration = read_kitti_calibration(root / 'raw' / DATE / 'calib_cam_to_cam.txt', ('P_rect_02', 'P_rect_03'))
    for camera, sample in (('02', left), ('03', right)):
        local = sample.camera_T_world @ point
        pixel = (sample.intrinsics @ local[:3] / local[2])[:2]
        official = calibration[f'P_rect_{camera}'] @ point.numpy()
        np.testing.assert_allclose(pixel.numpy(), official[:2] / official[2] + 0.5, rtol=1e-5)
    baseline = left.camera_T_world[0, 3] - right.camera_T_world[0, 3]
    assert baseline == pytest.approx((4.485728 + 33.95242) / 72.15377, rel=1e-3)  # 0.53 m
    swapped = load(root, [ALL[2].replace('image_02', 'image_03')], view_mode='stereo')[0]['data_samples']
    assert 'image_03' in swapped[0].img_path and 'image_02' in swapped[1].img_path


def test_the_sweep_is_projected_through_the_calibrations(root):
    dataset = load(root, depth='lidar')
    assert len(dataset) == 5
    depth = dataset[0]['data_samples'][0].gt.depth[0]
    calibration = read_kitti_calibration(root / 'raw' / DATE / 'calib_cam_to_cam.txt', ('P_rect_02', 'R_rect_00'))
    scanner = read_kitti_calibration(root / 'raw' / DATE / 'calib_velo_to_cam.txt', ('R', 'T'))
    expected = np.zeros(KITTI_SIZE)
    for x, y, z in ((10, 0.5, 0), (20, 0, 0)):
        camera = np.eye(4)
        camera[:3, :3] = calibration['R_rect_00']
        camera = camera @ [-y, -z - 0.08, x - 0.27, 1]
        assert np.allclose(rectified_T_lidar(calibration, scanner) @ [x, y, z, 1], camera)
        column, row, scale = calibration['P_rect_02'] @ camera
        expected[round(row / scale), round(column / scale)] = camera[2] + 2.745884e-03
    np.testing.assert_allclose(depth.numpy(), expected, rtol=1e-5)
    assert np.count_nonzero(expected) == 2


def test_the_half_pixel_belongs_to_the_intrinsics_alone():
    cameras = {'P_rect_02': np.array([[70.0, 0, 20, 7], [0, 70, 6, 0], [0, 0, 1, 0]])}
    intrinsics, pose = rectified_camera(cameras, '02')
    assert intrinsics.tolist() == [[70, 0, 20.5], [0, 70, 6.5], [0, 0, 1]]
    np.testing.assert_allclose(pose[:3, 3], [0.1, 0, 0])


def test_missing_images_counts_and_arguments(root, data_error):
    frames = [*ALL, f'{DATE}/{DRIVE}/image_02/data/0000000099.png']
    with data_error('0000000099.png', 'partial=True'):
        load(root, frames)
    with pytest.warns(UserWarning, match=f'1 of {len(frames)} files are missing, the first is .*0000000099'):
        assert len(load(root, frames, partial=True)) == 2
    with data_error(root / 'frames.txt', '652'):
        load(root, count=652)
    for key in ('view_mode', 'depth', 'unlabelled'):
        with pytest.raises(ConfigError, match=f'KITTI.{key}'):
            load(root, **{key: 'nonsense'})


@pytest.mark.parametrize(
    'text', ['', 'P_rect_02: 1 2 3', CAMERAS.replace('7.215377e+01', 'x'), CAMERAS.replace('R_rect_00', 'R_rect_01')]
)
def test_a_damaged_calibration_is_named(root, data_error, text):
    path = root / 'raw' / DATE / 'calib_cam_to_cam.txt'
    path.write_text(text)
    with data_error(path, 'calibration'):
        load(root)


def test_jpg_frames_are_taken_too(root):
    for path in (root / 'raw' / DATE / DRIVE / 'image_02' / 'data').glob('*.png'):
        Image.open(path).save(path.with_suffix('.jpg'))
        path.unlink()
    assert load(root)[0]['data_samples'][0].img_path.endswith('0000000005.jpg')


def test_classes_of_2015(tmp_path, data_error):
    for kind in ('image_2', 'semantic'):
        (tmp_path / 'training' / kind).mkdir(parents=True)
    for number in range(7):
        Image.fromarray(np.full((*KITTI_SIZE, 3), number, np.uint8)).save(
            tmp_path / 'training' / 'image_2' / f'{number:06d}_10.png'
        )
        Image.fromarray(np.full(KITTI_SIZE, 20 + number, np.uint8)).save(
            tmp_path / 'training' / 'semantic' / f'{number:06d}_10.png'
        )
    options = dict(root=str(tmp_path), tasks={'semseg': SemSeg('semseg', Cityscapes.CLASSES)}, pipeline=PIPELINE)
    splits = {split: KITTISemantics(split=split, partial=True, **options) for split in ('all', 'train', 'val')}
    names = {split: [record.name for record in dataset.records] for split, dataset in splits.items()}
    assert names['val'] == ['000000_10', '000005_10']
    assert sorted(names['train'] + names['val']) == names['all'] == [f'{number:06d}_10' for number in range(7)]
    assert splits['all'][4]['data_samples'][0].gt.semseg.unique().tolist() == [11]  # id 24, person
    with data_error(tmp_path / 'training' / 'image_2', '200'):
        KITTISemantics(split='all', **options)
    (tmp_path / 'training' / 'semantic' / '000003_10.png').unlink()
    with data_error(tmp_path / 'training' / 'semantic' / '000003_10.png'):
        KITTISemantics(split='all', partial=True, **options)
