"""A dataset lists folders: building it takes no system call per file, apart from the files whose content it needs."""

from pathlib import Path

import numpy as np
import pytest
from empty_trees import TREES
from PIL import Image
from system_calls import counted

from mmmtl import datasets
from mmmtl.datasets import MultiTaskDataset

CHECKED = {'nyuv2': 'train/image/0.npy', 'nyud': 'images/0.png'}  # the image whose size the dataset checks


def write(root: Path, name: str, images: int) -> None:
    """Write a tree, and the image that is not empty."""
    TREES[name].write(root, images)
    if name == 'nyuv2':
        np.save(root / CHECKED[name], np.zeros((288, 384, 3), np.float32))
    if name == 'nyud':
        Image.fromarray(np.zeros((425, 560, 3), np.uint8)).save(root / CHECKED[name])


@pytest.mark.filterwarnings('ignore:.*of .* in the official split')
@pytest.mark.parametrize('name', TREES)
def test_calls_do_not_depend_on_the_number_of_files(name, tmp_path):
    tree = TREES[name]
    found = {}
    for images in (1, 3, 10):
        root = tmp_path / str(images)
        write(root, name, images)
        tree.build(root)  # what is imported or cached on first use is not counted
        with counted(root) as calls:
            assert len(tree.build(root)) in (images, 2 * images)
        opened = calls.pop('open')
        assert len(opened) == len(set(opened))
        needed = {*tree.lists, *tree.single, CHECKED.get(name)}
        needed |= {pattern.format(number) for pattern, text in tree.files.items() if text for number in range(images)}
        assert set(opened) <= needed
        found[images] = {
            function: len(paths) - images * tree.per_folder.get(function, 0) for function, paths in calls.items()
        }
    assert found[1] == found[3] == found[10], found
    assert found[1].get('scandir') or found[1].get('listdir')


def test_calls_do_not_depend_on_the_number_of_views(tmp_path):
    found = []
    for views in (1, 2, 9):
        root = tmp_path / str(views)
        TREES['posed_views'].write(root, 2)
        for scene in (root / '0', root / '1'):
            pose = (scene / 'poses.txt').read_text().splitlines()[0]
            (scene / 'poses.txt').write_text(f'{pose}\n' * views)
            for view in range(max(views, 2)):
                for path in (scene / f'{view}.jpg', scene / f'{view}.png'):
                    path.touch() if view < views else path.unlink()
        with counted(root) as calls:
            assert len(TREES['posed_views'].build(root)) == 2 * views
        found.append({function: sorted(paths) for function, paths in calls.items()})
    assert found[0] == found[1] == found[2]
    assert found[0]['open'] == ['0/cam.txt', '0/poses.txt', '1/cam.txt', '1/poses.txt']


@pytest.mark.parametrize('call', [Path.is_file, Path.is_dir, Path.exists, Path.stat, Path.lstat, Path.read_bytes])
def test_every_call_is_counted(call, tmp_path):
    (tmp_path / 'file').write_text('text')
    with counted(tmp_path) as calls:
        call(tmp_path / 'file')
    assert [path for paths in calls.values() for path in paths] == ['file']


def test_every_data_set_of_files_has_a_tree():
    classes = [value for value in vars(datasets).values() if isinstance(value, type)]
    names = {one.__name__ for one in classes if issubclass(one, MultiTaskDataset)}
    without = {'MultiTaskDataset', 'StereoMatches'}  # the base class, and one with the records of another dataset
    assert names - {tree.dataset.__name__ for tree in TREES.values()} == without
