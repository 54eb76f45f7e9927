"""The data doctor: sound data pass, and each thing that can be wrong is found and named."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config, ConfigDict
from PIL import Image

from mmmtl.configuration.protocols import PROTOCOLS, Protocol
from mmmtl.dataset_report.collect import SplitFacts
from mmmtl.dataset_report.description import describe_split
from mmmtl.dataset_report.findings import best_axes
from mmmtl.dataset_report.inspection import files_of, inspect_datasets
from mmmtl.files.checksums import write_checksums
from mmmtl.files.reading import read_array
from mmmtl.synthetic_rooms import SyntheticRooms

PIPELINE = [dict(type='mmmtl.LoadViews'), dict(type='mmmtl.PackViews')]
TASKS = dict(
    semseg=dict(type='mmmtl.SemSeg', classes=SyntheticRooms.CLASSES),
    depth=dict(type='mmmtl.Depth'),
    normal=dict(type='mmmtl.Normal'),
)


@pytest.fixture(scope='module')
def drawn(tmp_path_factory) -> Path:
    """A cache with rooms for training and validation, without checksums, so that damage is the doctor's to find."""
    root = tmp_path_factory.mktemp('doctor')
    for split in splits_of(config_of(root)):
        assert not split.errors
    for path in root.rglob('checksums.json'):
        path.unlink()
    return root


@pytest.fixture
def rooms(drawn, tmp_path) -> Path:
    """A copy that may be damaged."""
    shutil.copytree(drawn, tmp_path / 'rooms')
    return tmp_path / 'rooms'


def config_of(cache: Path, view_mode: str = 'all', **options) -> Config:
    def loader(split: str, scenes: int) -> dict:
        return dict(
            dataset=dict(
                type='mmmtl.SyntheticRooms',
                split=split,
                scenes=scenes,
                num_views=2,
                view_mode=view_mode,
                size=(64, 80),
                cache=str(cache),
                pipeline=PIPELINE,
                tasks=TASKS,
                **options,
            )
        )

    return Config(
        dict(
            tasks=TASKS,
            train_dataloader=loader('train', 5),
            val_dataloader=loader('val', 2),
            test_dataloader=loader('val', 2),
        )
    )


def splits_of(config: Config, **options) -> list[SplitFacts]:
    return inspect_datasets(config, **options)


def folder(cache: Path, scene: int, split: str = 'train') -> Path:
    return cache / 'rooms-v1-64x80-2views' / split / f'{scene:05d}'


def rewrite(path: Path, change) -> None:
    np.savez_compressed(path, values=change(read_array(path)))


def test_valid_rooms_pass(rooms):
    train, val = splits_of(config_of(rooms))
    assert (train.name, val.name) == ('train', 'val=test')
    assert not train.errors and not val.errors
    text = describe_split(train)
    for part in (
        '5 records; 10 images of 64 x 80 (10)',
        'wall ',
        '100.0 % face the camera',
        'images with both labels',
        'mean cosine with the normals that follow from the depth: 0.9',
        'from the next: median difference 0.',
    ):
        assert part in text, part


def test_workers_find_the_same(rooms):
    folder(rooms, 1).joinpath('0_depth.npz').write_bytes(b'')
    alone, workers = (splits_of(config_of(rooms), workers=count) for count in (0, 2))
    assert [describe_split(split) for split in alone] == [describe_split(split) for split in workers]
    assert [split.errors for split in alone] == [split.errors for split in workers] and alone[0].errors


def test_a_limit_spreads_over_the_split(rooms):
    train, _ = splits_of(config_of(rooms, view_mode='single'), limit=3)
    assert [record.name for record in train.records] == ['00000/0', '00002/0', '00004/1']
    assert '10 records, 3 of them opened' in describe_split(train)


def test_every_bad_file_is_named(rooms):
    first, second = folder(rooms, 0) / '0_depth.npz', folder(rooms, 0) / '0_semseg.png'
    first.write_bytes(first.read_bytes()[:40])
    second.unlink()
    image = folder(rooms, 2) / '1_image.png'
    image.write_bytes(b'')
    (message,) = splits_of(config_of(rooms))[0].errors
    assert message.startswith('3 bad files:') and all(str(path) in message for path in (first, second, image))


def test_normals_that_face_away_are_wrong(rooms):
    for path in rooms.rglob('*_normal.npz'):
        rewrite(path, lambda n: -n)
    wrong = '\n'.join(splits_of(config_of(rooms))[0].errors)
    assert 'only 0.0 % of the normals face the camera' in wrong
    assert 'if its values are read as (-x, -y, -z)' in wrong


def test_swapped_normal_axes_are_reported_with_the_right_axes(rooms):
    for path in rooms.rglob('*_normal.npz'):
        rewrite(path, lambda n: n * np.array([1, -1, 1], n.dtype))
    assert any('if its values are read as (x, -y, z)' in message for message in splits_of(config_of(rooms))[0].errors)


@pytest.mark.parametrize('order', [(2, 1, 0), (1, 2, 0)])
def test_the_best_axes_undo_the_mix_up(order):
    truth = np.random.default_rng(0).normal(size=(50, 3)) * (1, 2, 3)
    stored = truth[:, order] * (1, -1, 1)
    turned = stored.T @ truth / 50
    _, best, axes = best_axes(turned)
    names = dict(zip('xyz', stored.T, strict=True))
    read = np.stack([(-1 if word[0] == '-' else 1) * names[word[-1]] for word in axes.strip('()').split(', ')], -1)
    np.testing.assert_array_equal(read, truth)
    assert best == pytest.approx((truth**2).sum(1).mean())


def test_labels_of_another_image_stand_out(rooms):
    one, other = folder(rooms, 0) / '0_depth.npz', folder(rooms, 2) / '1_depth.npz'
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    train, _ = splits_of(config_of(rooms))
    assert not train.errors  # a suspicion, no proof
    (views,) = (message for message in train.warnings if 'records whose views disagree in depth' in message)
    assert views.startswith('2 records') and '00000 (' in views and '00002 (' in views
    (normals,) = (message for message in train.warnings if 'disagree with the normals of their depth' in message)
    assert normals.startswith('normal: 2 images') and str(one.with_name('0_normal.npz')) in normals


def test_poses_the_wrong_way_round_are_wrong(rooms, monkeypatch):
    import mmmtl.synthetic_rooms.dataset as module

    read = module.read_cameras
    monkeypatch.setattr(
        module,
        'read_cameras',
        lambda path: [camera | {'camera_T_world': np.linalg.inv(camera['camera_T_world'])} for camera in read(path)],
    )
    assert any('are the poses world to camera' in message for message in splits_of(config_of(rooms))[0].errors)


def test_depth_in_other_units_is_a_warning(rooms):
    for path in rooms.rglob('*_depth.npz'):
        rewrite(path, lambda depth: depth * 1000)
    assert any('are these metres?' in message for message in splits_of(config_of(rooms))[0].warnings)


def test_an_image_in_two_splits_is_wrong_and_named(rooms):
    train, val = folder(rooms, 1) / '0_image.png', folder(rooms, 0, 'val') / '1_image.png'
    val.write_bytes(train.read_bytes())
    found, other = splits_of(config_of(rooms))
    (message,) = found.errors
    assert message.startswith('1 images of val=test are in train too') and f'{val} = {train}' in message
    assert not other.errors


def test_a_duplicate_image_in_a_split_is_a_warning(rooms):
    (folder(rooms, 1) / '0_image.png').write_bytes((folder(rooms, 0) / '0_image.png').read_bytes())
    train, _ = splits_of(config_of(rooms))
    assert not train.errors and any(message.startswith('1 images occur more than once') for message in train.warnings)


def test_labels_without_a_known_pixel(rooms):
    for path in folder(rooms, 0).glob('*_depth.npz'):
        rewrite(path, np.zeros_like)
    train, _ = splits_of(config_of(rooms))
    assert not train.errors
    assert any(message.startswith('depth: 2 labels without a known pixel') for message in train.warnings)
    for path in rooms.rglob('*_depth.npz'):
        rewrite(path, np.zeros_like)
    assert 'depth: no known pixel in 10 labels' in splits_of(config_of(rooms))[0].errors


def test_a_size_that_is_not_the_protocols_is_wrong(rooms, monkeypatch):
    config = config_of(rooms)
    config.protocol = 'mine/v1'
    given = {key: config[key] for key in ('tasks', 'test_dataloader')} | {
        'test_evaluator': config.get('test_evaluator')
    }
    monkeypatch.setattr(Protocol, 'evaluation', lambda protocol: given)
    monkeypatch.setitem(PROTOCOLS, 'mine/v1', Protocol(about='files of one size', file='mine.py', size=(96, 128)))
    assert splits_of(config)[1].errors == ['the pipeline returns 64 x 80 images, the protocol expects 96 x 128']


def test_changed_and_unlisted_files_are_reported(rooms):
    config = config_of(rooms)
    manifest = rooms / 'checksums.json'
    files = files_of(config)
    assert folder(rooms, 0) / 'cameras.json' in files
    write_checksums(manifest, files - {folder(rooms, 0) / '0_image.png'})
    rewrite(folder(rooms, 1) / '0_depth.npz', lambda depth: depth + 0.001)
    train, _ = splits_of(config_of(rooms, checksums=str(manifest)))
    assert len(train.errors) == 1 and '1_' not in train.errors[0].split('lists')[0].rpartition('/')[2]
    assert 'does not match its checksum' in train.errors[0]
    assert '1 files are not in the list of checksums; write it again' in train.warnings


def test_the_parts_of_a_mixed_data_set_are_checked_separately(rooms):
    config = config_of(rooms)
    part = config.val_dataloader.dataset
    for loader, split in (('train_dataloader', 'train'), ('val_dataloader', 'val'), ('test_dataloader', 'val')):
        parts = dict(a=dict(part, split=split, scenes=1), b=dict(part, split=split, scenes=2))
        config[loader] = ConfigDict(dataset=dict(type='mmmtl.ConcatDataset', parts=parts))
    splits = splits_of(config)
    assert [split.name for split in splits] == ['train/a', 'train/b', 'val=test/a', 'val=test/b']
    assert not any(split.errors for split in splits)  # parts of one split may share images


def test_hidden_labels_are_not_opened(rooms):
    (folder(rooms, 0) / '0_depth.npz').unlink()
    only = dict(semseg=TASKS['semseg'])
    config = config_of(rooms)
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        config[loader].dataset.pop('tasks')
        config[loader].dataset['tasks'] = only
    assert not splits_of(config)[0].errors


def test_normals_that_are_derived_from_the_depth_are_not_compared_with_it(data_root):
    options = dict(
        type='mmmtl.PosedViews',
        root=str(data_root / 'real_bench' / 'two_view'),
        pipeline=PIPELINE,
        tasks=dict(depth=TASKS['depth'], normal=TASKS['normal']),
        view_mode='all',
        split='val',
        val_scenes=('rgbd_0005?',),
    )
    (split,) = inspect_datasets(Config(dict(val_dataloader=dict(dataset=options))), limit=4)
    text = describe_split(split)
    assert not split.errors and 'face the camera' in text and 'mean cosine' not in text
    assert np.median([record.depths_differ for record in split.records]) < 0.02


def test_rotated_images_odd_depth_voids_and_jpeg_labels_are_warnings(tmp_path):
    write_folder(tmp_path / 'scenes', orientation=3, missing=65535)
    pipeline = dict(pipeline=PIPELINE, tasks=dict(depth=TASKS['depth']))
    loader = dict(dataset=dict(type='mmmtl.PosedViews', root=str(tmp_path / 'scenes'), split='all', **pipeline))
    (split,) = splits_of(Config(dict(tasks=pipeline['tasks'], train_dataloader=loader)))
    assert not split.errors
    (turned,) = (message for message in split.warnings if 'rotated by EXIF' in message)
    assert turned.startswith('2 labelled images') and 'scenes/a/0.jpg (orientation 3)' in turned
    assert '32 pixels hold 65535, the largest number of 16 bits: taken as missing' in describe_split(split)
    loader['dataset']['depth_void'] = (0,)
    (split,) = splits_of(Config(dict(tasks=pipeline['tasks'], train_dataloader=loader)))
    assert any('65535, the largest number of 16 bits, is learnt as 65.5' in message for message in split.warnings)


def write_folder(root: Path, orientation: int, missing: int) -> None:
    """Two scenes of one view with a centred camera."""
    tags = Image.Exif()
    tags[274] = orientation
    for name in 'ab':
        (root / name).mkdir(parents=True)
        rng = np.random.default_rng(ord(name))
        Image.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8)).save(root / name / '0.jpg', exif=tags)
        depth = rng.integers(1000, 3000, (24, 32)).astype(np.uint16)
        depth[:4, :4] = missing
        Image.fromarray(depth).save(root / name / '0.png')
        np.savetxt(root / name / 'cam.txt', [[30, 0, 16], [0, 30, 12], [0, 0, 1]])
        np.savetxt(root / name / 'poses.txt', np.eye(4)[:3].reshape(1, 12))
