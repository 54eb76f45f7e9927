"""Required files: at least one, in order; the error names what is missing and what differs in case alone."""

import os
from pathlib import Path

import pytest
from system_calls import counted

from mmmtl.files.required_files import ListedFiles, required_files


def test_files_are_sorted_and_hidden_ones_left_out(tmp_path):
    for name in ('b.jpg', 'a.jpg', '.c.jpg', 'd.png'):
        (tmp_path / name).touch()
    assert [path.name for path in required_files(tmp_path, '*.jpg', 'images')] == ['a.jpg', 'b.jpg']


def test_what_differs_in_case_is_named(tmp_path, data_error):
    with data_error(tmp_path / 'none', r'expected images \(\*\.jpg\), found none'):
        required_files(tmp_path / 'none', '*.jpg', 'images')
    for name in ('1.JPG', '2.JPG'):
        (tmp_path / name).touch()
    with data_error(tmp_path, 'found 2 whose names differ in case, the first is 1.JPG'):
        required_files(tmp_path, '*.jpg', 'images')
    with data_error(tmp_path / '1.jpg', r'no such file, expected the image \(there is 1.JPG\)'):
        ListedFiles().required(tmp_path / '1.jpg', 'the image')
    (tmp_path / '3.jpg').touch()
    with pytest.warns(UserWarning, match='using 1 images .*, but not 2 whose names differ .* 1.JPG; rename them'):
        assert [path.name for path in required_files(tmp_path, '*.jpg', 'images')] == ['3.jpg']


def test_patterns_of_several_levels(tmp_path):
    for name in ('b/x_left.png', 'a/y_left.png', 'a/z_LEFT.png', 'c/x_right.png', 'x_left.png'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.warns(UserWarning, match='using 2 images .*, but not 1 .* z_LEFT.png'):
        found = required_files(tmp_path, '*/*_left.png', 'images')
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ['a/y_left.png', 'b/x_left.png']


def test_listed_files_are_those_with_the_status_of_a_file(tmp_path, monkeypatch, data_error):
    for name in ('a.jpg', '.b.png', 'deep/c.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for link, target in (('link.jpg', 'a.jpg'), ('broken.jpg', 'nowhere'), ('self', 'self'), ('disk', 'deep')):
        (tmp_path / link).symlink_to(target)
    names = ['a.jpg', 'A.jpg', '.b.png', 'deep', 'link.jpg', 'broken.jpg', 'self', 'disk', 'none.jpg']
    names += ['deep/c.jpg', 'disk/c.jpg', 'disk/d.jpg', 'a.jpg/c.jpg', 'nowhere/c.jpg', 'self/c.jpg', 'deep/../a.jpg']
    files = ListedFiles()
    for path in (tmp_path / name for name in names):
        assert (path in files) == os.path.isfile(path)
        if path in files:
            assert files.required(path, 'the image') == path
        else:
            with data_error(path, 'no such file, expected the image'):
                files.required(path, 'the image')
    monkeypatch.chdir(tmp_path)
    assert Path('a.jpg') in ListedFiles() and Path('c.jpg') not in ListedFiles()


def test_each_folder_is_listed_once(tmp_path):
    for number in range(100):
        (tmp_path / f'{number}.jpg').touch()
    files = ListedFiles()
    with counted(tmp_path) as calls:
        assert sum(tmp_path / f'{number}.jpg' in files for number in range(200)) == 100
    assert {name: len(paths) for name, paths in calls.items()} == {'open': 0, 'scandir': 1}
