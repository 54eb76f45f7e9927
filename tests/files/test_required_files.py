"""Needed files: at least one, in order; what differs in case alone is named."""

import pytest

from mmmtl.files.required_files import required_file, required_files


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
        required_file(tmp_path / '1.jpg', 'the image')
    (tmp_path / '3.jpg').touch()
    with pytest.warns(UserWarning, match='using 1 images .*, but not 2 whose names differ .* 1.JPG; rename them'):
        assert [path.name for path in required_files(tmp_path, '*.jpg', 'images')] == ['3.jpg']
