"""Files through links: found as if they were copies, each once, and circles end."""

import errno
import os

import pytest

from mmmtl.errors import DataError
from mmmtl.files.linked_folders import files_below, names_of_files, names_of_folders


def test_links_count_as_copies_and_circles_end(tmp_path):
    tree, disk = tmp_path / 'tree', tmp_path / 'disk'
    for folder in (tree / 'a', disk / 'deep'):
        folder.mkdir(parents=True)
    for path in (tree / 'a' / '1.png', tree / 'a' / '1.txt', disk / '2.png', disk / 'deep' / '3.png', tree / '.4.png'):
        path.touch()
    for link in ('b', 'c'):
        (tree / link).symlink_to(disk)
    (tree / '5.png').symlink_to(disk / '2.png')
    (tree / 'broken.png').symlink_to(tmp_path / 'nowhere')
    (disk / 'deep' / 'up').symlink_to(disk)  # links that lead back, to themselves and round two corners
    (disk / 'self').symlink_to('self')
    (disk / 'across').symlink_to(tree)
    (tree / 'a' / 'top').symlink_to(tree)
    (tree / 'x.png').mkdir()
    expected = ['.4.png', '5.png', 'a/1.png', *(f'{link}/{name}' for link in 'bc' for name in ('2.png', 'deep/3.png'))]
    assert [path.relative_to(tree).as_posix() for path in files_below(tree, '.png')] == expected
    (tmp_path / 'link').symlink_to(tree)
    assert len(list(files_below(tmp_path / 'link', '.png'))) == len(expected)
    assert list(files_below(tmp_path / 'nowhere', '.png')) == []


def test_names_are_those_with_the_status_of_a_file_or_folder(tmp_path):
    for name in ('a.jpg', '.b.png'):
        (tmp_path / name).touch()
    (tmp_path / 'folder.jpg').mkdir()
    for link, target in (('c.jpg', 'a.jpg'), ('broken.jpg', 'nowhere'), ('self', 'self'), ('d', 'folder.jpg')):
        (tmp_path / link).symlink_to(target)
    assert names_of_files(tmp_path) == {path.name for path in tmp_path.iterdir() if os.path.isfile(path)}
    assert names_of_folders(tmp_path) == {path.name for path in tmp_path.iterdir() if os.path.isdir(path)}
    for names in (names_of_files, names_of_folders):
        assert [names(tmp_path / name) for name in ('nowhere', 'a.jpg', 'self', 'broken.jpg')] == [set()] * 4


@pytest.mark.parametrize('names', [names_of_files, names_of_folders])
def test_a_folder_that_cannot_be_read_is_named(names, tmp_path, monkeypatch):
    def refuse(folder):
        raise PermissionError(errno.EACCES, 'Permission denied')

    monkeypatch.setattr(os, 'scandir', refuse)
    with pytest.raises(DataError, match=f'{tmp_path}: the folder cannot be read .Permission denied'):
        names(tmp_path)
