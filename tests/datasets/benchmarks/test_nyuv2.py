"""NYUv2 with 13 classes from MTAN's npy files."""

import shutil

import numpy as np
import pytest
from official_trees import write_nyuv2_mtan

from mmmtl.datasets import NYUv2
from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.tasks import Depth, Normal, SemSeg

TASKS = {'semseg': SemSeg('semseg', classes=NYUv2.CLASSES), 'depth': Depth('depth'), 'normal': Normal('normal')}
PIPELINE = [dict(type=LoadViews), dict(type=PackViews)]


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return write_nyuv2_mtan(tmp_path_factory.mktemp('nyuv2'), count=3)


def build(root, split='train', partial=True, tasks=TASKS, **options) -> NYUv2:
    return NYUv2(root=str(root), split=split, partial=partial, tasks=tasks, pipeline=PIPELINE, **options)


@pytest.mark.parametrize('split', ['train', 'val'])
def test_every_label_file_is_decoded(root, split):
    dataset = build(root, split)
    assert [record.name for record in dataset.records] == [f'{split}/{number}' for number in range(3)]
    for number in range(3):
        packed = dataset[number]
        stored = {
            name: np.load(root / split / name / f'{number}.npy') for name in ('image', 'label', 'depth', 'normal')
        }
        gt = {name: value.numpy() for name, value in packed['data_samples'][0].gt.items()}
        np.testing.assert_array_equal(packed['inputs'][0].numpy().transpose(1, 2, 0), (stored['image'] * 255).round())
        np.testing.assert_array_equal(gt['semseg'][0], np.where(stored['label'] == -1, 255, stored['label']))
        np.testing.assert_array_equal(gt['depth'][0], stored['depth'][..., 0])
        np.testing.assert_allclose(gt['normal'].transpose(1, 2, 0), stored['normal'], atol=1e-6)
        assert (gt['semseg'][:, 0] == 255).all() and not gt['depth'][:, 0].any() and not gt['normal'][:, 0].any()
        assert 'intrinsics' not in packed['data_samples'][0]


def test_names_are_numbers(tmp_path, root):
    """10 comes after 9, not after 1."""
    shutil.copytree(root, tmp_path / 'set')
    images = tmp_path / 'set' / 'train' / 'image'
    for number in (9, 10):
        shutil.copy(images / '0.npy', images / f'{number}.npy')
    assert [record.name for record in build(tmp_path / 'set').records] == [f'train/{n}' for n in (0, 1, 2, 9, 10)]


def test_camera_where_it_is_known(tmp_path, root):
    shutil.copytree(root, tmp_path / 'set')
    (tmp_path / 'set' / 'camera.txt').write_text('300 0 190\n0 310 140\n0 0 1\n')
    intrinsics = build(tmp_path / 'set')[0]['data_samples'][0].intrinsics
    assert intrinsics.tolist() == [[300, 0, 190], [0, 310, 140], [0, 0, 1]]


def test_a_camera_of_another_shape_is_named(tmp_path, root, data_error):
    shutil.copytree(root, tmp_path / 'set')
    (tmp_path / 'set' / 'camera.txt').write_text('300 0 190\n0 310 140\n0 0 1\n0 0 1\n')
    with data_error(tmp_path / 'set' / 'camera.txt', '3 x 3'):
        build(tmp_path / 'set')


def test_count_is_checked_unless_the_folder_is_partial(root, data_error):
    with data_error(root, '3 images, but the official split has 795'):
        build(root, partial=False)
    with data_error(root, 'has 654'):
        build(root, 'val', partial=False)


def test_missing_labels(tmp_path, root, data_error):
    shutil.copytree(root, tmp_path / 'set')
    (tmp_path / 'set' / 'train' / 'depth' / '1.npy').unlink()
    assert [len(record.label_names()) for record in build(tmp_path / 'set').records] == [3, 2, 3]
    complete = type('Three', (NYUv2,), {'COUNTS': {'train': 3}})
    options = dict(split='train', pipeline=PIPELINE)
    with data_error(tmp_path / 'set' / 'train' / 'depth', '1 of 3 files are missing, the first is 1'):
        complete(root=str(tmp_path / 'set'), tasks=TASKS, **options)
    complete(root=str(tmp_path / 'set'), tasks={'semseg': TASKS['semseg']}, **options)  # depth is not asked for


def test_other_sizes_and_names_are_refused(tmp_path, data_error):
    small = write_nyuv2_mtan(tmp_path / 'small', count=1, size=(28, 38))
    with data_error(small, 'expected 288 x 384 x 3, found shape'):
        build(small)
    (small / 'train' / 'image' / 'first.npy').touch()
    with data_error('first.npy', 'expected names 0.npy'):
        build(small)


def test_damaged_labels_are_named(tmp_path, root, data_error):
    shutil.copytree(root, tmp_path / 'set')
    folder = tmp_path / 'set' / 'train'
    np.save(folder / 'label' / '0.npy', np.full((288, 384), 13.0))
    with data_error(folder / 'label' / '0.npy', '0..12'):
        build(tmp_path / 'set')[0]
    np.save(folder / 'label' / '1.npy', np.full((288, 384), 2.5))
    with data_error(folder / 'label' / '1.npy', 'integers'):
        build(tmp_path / 'set')[1]
    np.save(folder / 'depth' / '2.npy', np.full((288, 384, 1), -1.0))
    with data_error(folder / 'depth' / '2.npy', 'positive metres'):
        build(tmp_path / 'set')[2]
