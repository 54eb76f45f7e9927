"""Posed video in ScanNet's layout: depth of a smaller size, missing poses, cached pairs, and a real video."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmmtl.datasets import PosedVideo
from mmmtl.datasets.benchmarks import posed_video as module
from mmmtl.datasets.overlapping_views import mutual_overlap, subsample_depth
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.errors import ConfigError
from mmmtl.tasks import Depth, Normal

TASKS = {'depth': Depth('depth'), 'normal': Normal('normal')}
PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv('MMMTL_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'pairs'


@pytest.fixture
def root(tmp_path) -> Path:
    """Two videos along a wall 2 m away, 8 cm a frame, depth at half the size; frame 3 of the first has no pose."""
    for scene, frames in (('scene0000_00', 6), ('scene0001_00', 2)):
        folder = tmp_path / 'scans' / scene
        for kind in ('color', 'depth', 'pose', 'intrinsic'):
            (folder / kind).mkdir(parents=True)
        (folder / 'intrinsic' / 'intrinsic_color.txt').write_text('60 0 31.5 0\n0 60 23.5 0\n0 0 1 0\n0 0 0 1\n')
        for frame in range(frames):
            Image.fromarray(np.full((48, 64, 3), frame, np.uint8)).save(folder / 'color' / f'{9 + frame}.jpg')
            depth = np.full((24, 32), 2000, np.uint16)
            depth[0, 0] = 0
            Image.fromarray(depth).save(folder / 'depth' / f'{9 + frame}.png')
            pose = np.eye(4)
            pose[0, 3] = 0.08 * frame
            if scene == 'scene0000_00' and frame == 3:
                pose[:] = -np.inf
            np.savetxt(folder / 'pose' / f'{9 + frame}.txt', pose)
    return tmp_path / 'scans'


def load(root: Path, **options) -> PosedVideo:
    return PosedVideo(root=str(root), tasks=TASKS, pipeline=PIPELINE, **options)


def test_frames_without_a_pose_are_skipped(root):
    dataset = load(root)
    names = [f'scene0000_00/{number}' for number in (9, 10, 11, 13, 14)]
    assert [record.name for record in dataset.records] == [*names, 'scene0001_00/9', 'scene0001_00/10']
    sample = dataset[1]['data_samples'][0]
    assert sample.gt.depth.shape == (1, 48, 64)
    assert sample.gt.depth[0, :2, :2].unique().tolist() == [0]  # one pixel of the small map
    assert (sample.gt.depth == 0).sum() == 4 and sample.gt.depth.max() == 2
    assert sample.intrinsics.tolist() == [[60, 0, 32], [0, 60, 24], [0, 0, 1]]
    assert sample.camera_T_world[0, 3] == pytest.approx(-0.08)  # camera to world in the file
    assert sample.gt.normal[:, 24, 32].tolist() == pytest.approx([0, 0, -1], abs=1e-5)


def test_scenes_and_every_select_frames(root, tmp_path, data_error):
    (tmp_path / 'train.txt').write_text('scene0001_00\n')
    assert len(load(root, scenes=str(tmp_path / 'train.txt'))) == 2
    (tmp_path / 'train.txt').write_text('scene0000_00\nScene0001_00\n')
    with data_error(tmp_path / 'train.txt', r'1 of 2 scenes .* first is Scene0001_00 \(there is scene0001_00\)'):
        load(root, scenes=str(tmp_path / 'train.txt'))
    assert [record.name for record in load(root, every=4).records] == [
        'scene0000_00/9',
        'scene0000_00/13',
        'scene0001_00/9',
    ]


def test_pairs_satisfy_baseline_and_overlap_and_rejected_frames_are_counted(root):
    dataset = load(root, view_mode='pair', pair_rule=dict(baseline=(0.1, 0.3), overlap=(0.5, 0.99)))
    assert dataset.rejected == 2  # scene 1 has a single step of 8 cm
    assert len(dataset) == 5 and all(len(record.views) == 2 for record in dataset.records)
    for record in dataset.records:
        centres = [-view.camera_T_world[0, 3] for view in record.views]
        assert 0.1 <= abs(centres[0] - centres[1]) <= 0.3
    first, second = dataset[0]['data_samples']
    assert (first.num_views, second.num_views, first.view, second.view) == (2, 2, 0, 1)


def test_no_valid_pair_is_an_error(root, data_error):
    with data_error(root, 'none of 7 frames'):
        load(root, view_mode='pair', pair_rule=dict(baseline=(5, 6)))


def test_chosen_pairs_are_cached_per_set_of_options(root, cache, monkeypatch):
    before = [
        record.views[1].image for record in load(root, view_mode='pair', pair_rule=dict(baseline=(0.1, 0.3))).records
    ]
    assert len(list(cache.iterdir())) == 2
    monkeypatch.setattr(module, 'choose_neighbours', None)
    assert [
        record.views[1].image for record in load(root, view_mode='pair', pair_rule=dict(baseline=(0.1, 0.3))).records
    ] == before
    with pytest.raises(TypeError):  # other options choose pairs again
        load(root, view_mode='pair', pair_rule=dict(baseline=(0.1, 0.31)))


@pytest.mark.parametrize('content', ['', '[1, ', '{"a": 1}', '[0]', '[99, 0, 0, 0, 0, 0, 0, 0, 0, 0]'])
def test_a_damaged_cache_of_pairs_is_written_again(root, cache, content):
    options = dict(view_mode='pair', pair_rule=dict(baseline=(0.1, 0.3)))
    records = load(root, **options).records
    written = {path: path.read_text() for path in cache.iterdir()}
    for path in written:
        path.write_text(content)
    assert [record.name for record in load(root, **options).records] == [record.name for record in records]
    assert {path: path.read_text() for path in cache.iterdir()} == written


@pytest.mark.parametrize('every', [0, -1, 0.5])
def test_every_must_be_a_whole_number(root, every):
    with pytest.raises(ConfigError, match=f'PosedVideo.every must be a whole number of at least 1, found {every}'):
        load(root, every=every)


def test_depth_void_and_depth_range_change_the_cache_key(root, cache):
    for frame in (9, 10, 11, 13, 14):
        path = root / 'scene0000_00' / 'depth' / f'{frame}.png'
        depth = np.array(Image.open(path))
        depth[2:4] = 65535
        Image.fromarray(depth).save(path)
    sample = load(root)[0]['data_samples'][0]
    assert not sample.gt.depth[0, 4:8].any() and sample.gt.depth.max() == 2
    assert load(root, depth_void=(0,))[0]['data_samples'][0].gt.depth.max() == pytest.approx(65.535)
    assert not load(root, depth_range=(3, 70), depth_void=(0, 65535))[0]['data_samples'][0].gt.depth.any()
    counts = []
    for options in ({}, {}, dict(depth_void=(0,)), dict(depth_range=(1, 3))):
        load(root, view_mode='pair', **options)
        counts.append(len(list(cache.iterdir())))
    assert counts == [2, 2, 4, 6]


def test_damaged_files_are_errors_that_name_the_file(root, data_error):
    folder = root / 'scene0000_00'
    Image.fromarray(np.full((24, 24), 2000, np.uint16)).save(folder / 'depth' / '9.png')
    with data_error(folder / 'depth' / '9.png', 'does not have the aspect ratio'):
        load(root)[0]
    for text in ('', '1 2 3', 'x'):
        (folder / 'pose' / '9.txt').write_text(text)
        with data_error(folder / 'pose' / '9.txt', '4 x 4'):
            load(root)
    for text, message in (('1 2\n3 4\n', r'found shape \(2, 2\)'), ('1 0 nan\n0 1 2\n0 0 1\n', 'NaN or infinite')):
        (folder / 'intrinsic' / 'intrinsic_color.txt').write_text(text)
        with data_error(folder / 'intrinsic' / 'intrinsic_color.txt', message):
            load(root)
    with pytest.raises(ConfigError, match='ascending'):
        load(root, view_mode='pair', pair_rule=dict(overlap=(0.9, 0.6)))
    with pytest.raises(ConfigError, match='options among overlap, baseline, tries, seed, found .*overlaps'):
        load(root, view_mode='pair', pair_rule=dict(overlaps=(0.6, 0.9)))
    with pytest.raises(ConfigError, match="'single' or 'pair'"):
        load(root, view_mode='pairs')


def test_inverted_poses_give_fewer_pairs_on_a_real_video(data_root, tmp_path):
    source = data_root / 'real' / 'hololens'
    folder = tmp_path / 'videos' / 'hololens'
    for kind in ('color', 'depth', 'pose', 'intrinsic'):
        (folder / kind).mkdir(parents=True)
    intrinsics = np.loadtxt(source / 'K.txt')
    np.savetxt(folder / 'intrinsic' / 'intrinsic_color.txt', intrinsics)
    for image, pose in zip(sorted((source / 'images').glob('*.png')), np.loadtxt(source / 'poses.txt'), strict=True):
        Image.open(image).save(folder / 'color' / f'{image.stem}.jpg')
        (folder / 'depth' / image.name).write_bytes((source / 'depth' / image.name).read_bytes())
        np.savetxt(folder / 'pose' / f'{image.stem}.txt', pose.reshape(4, 4))
    options = dict(view_mode='pair', pair_rule=dict(overlap=(0.2, 0.95), baseline=(0.03, 0.6)))
    dataset = load(folder.parent, **options)
    assert len(dataset) + dataset.rejected == 5 and len(dataset) >= 3
    record = dataset.records[0]
    views = (subsample_depth(view.labels['depth'].load(TASKS['depth']), view.intrinsics) for view in record.views)
    fraction = mutual_overlap(*views, *(torch.as_tensor(view.camera_T_world) for view in record.views))
    assert 0.2 <= fraction <= 0.95
    for path in (folder / 'pose').iterdir():
        np.savetxt(path, np.linalg.inv(np.loadtxt(path)))  # world to camera, the usual mistake
    try:
        mistaken = len(load(folder.parent, **options))
    except module.DataError:
        mistaken = 0
    assert mistaken < len(dataset)
