"""Bad files and options of a dataset of folders end in one line that names the file or the key."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from labelled_folders import LABELS, build, samples, save, write

from mmmtl.errors import ConfigError, DataError


@pytest.fixture
def root(tmp_path) -> Path:
    return write(tmp_path / 'data')


def damage(root: Path, change: str) -> dict:
    """Damage the dataset of `root`; return options of the dataset."""
    match change:
        case 'no images':
            shutil.rmtree(root / 'images')
        case 'no labels':
            shutil.rmtree(root / 'masks')
        case 'label without image':
            (root / 'images' / 'b.png').unlink()
        case 'two labels':
            np.save(root / 'masks' / 'b.npy', np.zeros((6, 8), np.uint8))
        case 'two images':
            save(root / 'images' / 'b.jpg', np.zeros((6, 8, 3), np.uint8))
        case 'csv':
            (root / 'colours.csv').write_text('floor,0,0,0\nwall,255,0\n')
        case 'csv twice':
            (root / 'colours.csv').write_text('floor,0,0,0\nwall,0,0,0\n')
        case 'nan':
            (root / 'cam.txt').write_text('10 0 4\n0 nan 3\n0 0 1\n')
            return dict(cameras=dict(intrinsics='cam.txt'))
        case 'rows':
            (root / 'cam.txt').write_text('10 0 4\n0 10 3\n')
            return dict(cameras=dict(intrinsics='cam.txt'))
        case 'pose without image':
            (root / 'poses').mkdir()
            (root / 'poses' / 'z.txt').write_text('1 0 0 5\n0 1 0 6\n0 0 1 7\n')
            return dict(cameras=dict(poses='poses'))
        case 'transposed pose':
            (root / 'poses').mkdir()
            (root / 'poses' / 'a.txt').write_text('1 0 0 0\n0 1 0 0\n0 0 1 0\n5 6 7 1\n')
            return dict(cameras=dict(intrinsics='cam.txt', poses='poses'))
        case 'list':
            (root / 'some.txt').write_text('a\nz\n')
            return dict(split='some.txt')
        case 'size':
            save(root / 'masks' / 'a.png', np.zeros((5, 8), np.uint8))
        case 'class':
            save(root / 'masks' / 'a.png', np.full((6, 8), 7, np.uint8))
        case 'colour':
            save(root / 'colours' / 'a.png', np.full((6, 8, 3), 9, np.uint8))
        case '8 bits':
            save(root / 'depth' / 'a.png', np.full((6, 8), 9, np.uint8))
    return {}


@pytest.mark.parametrize(
    ('change', 'named'),
    [
        ('no images', ['images', 'masks']),
        ('no labels', ['masks', 'labels.semseg.folder']),
        ('label without image', ['masks/b.png', 'images/b']),
        ('two labels', ['masks/b.png', 'b.npy']),
        ('two images', ['images/b.png', 'b.jpg']),
        ('csv', ['colours.csv, line 2', 'wall,255,0']),
        ('csv twice', ['colours.csv, line 2', 'line 1']),
        ('nan', ['cam.txt', 'finite']),
        ('rows', ['cam.txt', '3 x 3']),
        ('pose without image', ['poses/z.txt']),
        ('transposed pose', ['poses/a.txt', '0 0 0 1', '5.0, 6.0, 7.0']),
        ('list', ['some.txt', 'z']),
        ('size', ['masks/a.png', '5 x 8', '6 x 8']),
        ('class', ['masks/a.png', '7']),
        ('colour', ['colours/a.png', '(9, 9, 9)']),
        ('8 bits', ['depth/a.png', 'uint8']),
    ],
)
def test_bad_files_are_named(root, change, named):
    with pytest.raises(DataError) as caught:
        samples(build(root, **damage(root, change)))
    message = str(caught.value)
    assert '\n' not in message and all(word in message for word in named), message


@pytest.mark.parametrize(
    ('task', 'options', 'named'),
    [
        ('semseg', dict(kind='depth'), ['labels.semseg.kind', 'classes']),
        ('semseg', dict(kind='binary'), ['labels.semseg.kind']),
        ('semseg', dict(kind='class'), ['labels.semseg.kind', "'class'", 'classes']),
        ('semseg', dict(kind='colours'), ['labels.semseg.table']),
        ('semseg', dict(kind='colours', table='colours.csv'), ['labels.semseg.table', 'floor, wall']),
        ('depth', dict(kind='depth', factor=2), ['labels.depth.factor', 'scale']),
        ('depth', dict(kind='disparity', focal=2), ['labels.depth.baseline']),
    ],
)
def test_bad_options_are_named(root, task, options, named):
    with pytest.raises(ConfigError) as caught:
        build(root, labels={task: dict(folder=LABELS[task]['folder'], **options)})
    message = str(caught.value)
    assert '\n' not in message and all(word in message for word in named), message


def test_an_unknown_option_of_the_cameras_is_named(root):
    with pytest.raises(ConfigError, match='FolderDataset.cameras: expected intrinsics or poses, found pose$'):
        build(root, cameras=dict(pose='poses'))
