"""Official splits: what they name, and that nothing is missing unless it was said to be."""

import pytest

from mmmtl.datasets.split_files import check_count, check_split, files_by_stem, files_of_split, read_split
from mmmtl.errors import ConfigError
from mmmtl.files.stems import SUFFIXES


def test_names_are_read_in_their_order(tmp_path):
    (tmp_path / 'train.txt').write_text('b\n\n  a \n')
    assert read_split(tmp_path / 'train.txt') == ['b', 'a']
    (tmp_path / 'train.txt').write_text('0002.jpg\n0001.JPG\nscene.0003\n')
    assert read_split(tmp_path / 'train.txt') == ['0002', '0001', 'scene.0003']


@pytest.mark.parametrize('suffix', [*SUFFIXES, '.mat'])
def test_the_suffix_of_every_format_is_removed(tmp_path, suffix):
    (tmp_path / 'train.txt').write_text(f'a/1.5{suffix}\r\n2{suffix.upper()}\n3\n')
    assert read_split(tmp_path / 'train.txt') == ['a/1.5', '2', '3']


def test_a_suffix_of_the_data_set_is_removed_instead(tmp_path):
    (tmp_path / 'train.txt').write_text('1_rgb.png\n2_RGB.PNG\n3\n4.png\n')
    assert read_split(tmp_path / 'train.txt', '_rgb.png') == ['1', '2', '3', '4.png']


def test_lists_that_cannot_be_read(tmp_path, data_error):
    path = tmp_path / 'train.txt'
    with data_error(path, 'cannot be read'):
        read_split(path)
    path.write_bytes(b'\xff\xfe\x00')
    with data_error(path, 'cannot be read'):
        read_split(path)
    path.write_text('a\nb\na\n')
    with data_error(path, 'a is listed more than once'):
        read_split(path)


def test_unknown_split():
    assert check_split('NYUv2', 'val') == 'val'
    with pytest.raises(ConfigError, match="NYUv2.split must be one of 'train', 'val', found 'test'"):
        check_split('NYUv2', 'test')


def test_count(tmp_path, data_error):
    check_count(3, 3, tmp_path, partial=False)
    with pytest.warns(UserWarning, match='2 images of 3 in the official split'):
        check_count(2, 3, tmp_path, partial=True)
    with data_error(tmp_path, '2 images, but the official split has 3; .*partial=True'):
        check_count(2, 3, tmp_path, partial=False)


def test_files_of_a_split(tmp_path, data_error):
    for name in ('a.png', 'b.png', 'b.txt', '.c.png'):
        (tmp_path / name).touch()
    files = files_by_stem(tmp_path, '.png')
    assert list(files) == ['a', 'b'] and files_by_stem(tmp_path / 'none', '.png') == {}
    assert files_of_split(['b'], files, tmp_path, False) == {'b': tmp_path / 'b.png'}
    with pytest.warns(UserWarning, match='2 of 4 files are missing, the first is c; skipping them'):
        assert list(files_of_split(['b', 'c', 'a', 'd'], files, tmp_path, True)) == ['b', 'a']
    with data_error(tmp_path, '1 of 2 files are missing, the first is c'):
        files_of_split(['b', 'c'], files, tmp_path, False)


def test_a_name_in_the_wrong_case_is_pointed_to(tmp_path, data_error):
    for name in ('img_1.png', 'IMG_2.PNG'):
        (tmp_path / name).touch()
    for name, near in (('IMG_1', 'img_1'), ('img_2', 'IMG_2.PNG'), ('images/img_1', 'img_1')):
        with data_error(tmp_path, rf'1 of 1 files are missing, the first is {name} \(there is {near}\)'):
            files_of_split([name], files_by_stem(tmp_path, '.png'), tmp_path, False)
