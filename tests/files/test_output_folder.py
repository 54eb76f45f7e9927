"""Converters write whole files, keep what is whole, and say what they did."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmmtl.errors import DataError
from mmmtl.files import output_folder


@pytest.fixture
def conversion():
    return output_folder


def content_of(path: Path):
    if path.suffix == '.npy':
        return np.load(path)
    return np.array(Image.open(path)) if path.suffix == '.png' else path.read_text()


@pytest.mark.parametrize(
    ('name', 'content', 'expected'),
    [
        ('a.npy', np.arange(6.0), np.arange(6.0)),
        ('deep/down/a.png', np.full((3, 4), 65535, np.uint16), np.full((3, 4), 65535)),
        ('a.png', np.full((3, 4, 3), 7, np.uint8), np.full((3, 4, 3), 7)),
        ('a.txt', ['b', 3], 'b\n3\n'),
        ('a.json', {'a': [1]}, '{\n "a": [\n  1\n ]\n}\n'),
        ('a.bin', Path(__file__), Path(__file__).read_text()),
    ],
)
def test_what_was_written_is_there_and_whole(conversion, tmp_path, capsys, name, content, expected):
    output = conversion.Output(tmp_path / 'new')
    assert not output.has(name)
    output.write(name, content)
    path = tmp_path / 'new' / name
    np.testing.assert_array_equal(content_of(path), expected)
    assert list(path.parent.iterdir()) == [path]  # no temporary file is left
    assert conversion.Output(tmp_path / 'new').has(name)
    output.report()
    assert capsys.readouterr().out == f'{path.parent}: 1 written, 0 there already\n'.replace('/.:', ':')
    assert output.total() == '1 written, 0 there already'


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('a.npy', np.zeros(1000)),
        ('a.png', np.random.default_rng(0).integers(0, 256, (50, 50), np.uint8)),
        ('a.json', {'a': [1, 2, 3]}),
        ('a.txt', ['abc']),
    ],
)
def test_a_truncated_file_is_written_again(conversion, tmp_path, name, content):
    output = conversion.Output(tmp_path)
    output.write(name, content)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[:-7] if name != 'a.txt' else b'')
    assert not output.has(name)
    (tmp_path / name).write_bytes(whole)
    assert output.has(name)


def test_a_jpeg_that_was_cut_off(conversion, tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 50, 3), np.uint8)).save(tmp_path / 'a.jpg')
    assert conversion.is_whole(tmp_path / 'a.jpg')
    (tmp_path / 'a.jpg').write_bytes((tmp_path / 'a.jpg').read_bytes()[:-300])
    assert not conversion.is_whole(tmp_path / 'a.jpg')


def test_one_missing_file_of_several_is_reported(conversion, tmp_path):
    output = conversion.Output(tmp_path)
    output.write('a.txt', ['x'])
    assert not output.has('a.txt', 'b.txt') and not output.kept
    output.write('b.txt', ['x'])
    assert output.has('a.txt', 'b.txt') and output.kept['.'] == 2


def test_a_failed_write_leaves_the_old_file_and_nothing_else(conversion, tmp_path):
    output = conversion.Output(tmp_path)
    output.write('a.npy', np.zeros(3))
    with pytest.raises(ValueError):
        output.write('a.npy', np.array([object()]))
    with pytest.raises(ValueError, match='cannot write'):
        output.write('a.xyz', np.zeros(3))
    assert [file.name for file in tmp_path.iterdir()] == ['a.npy'] and output.has('a.npy')


def test_sources_must_exist(conversion, tmp_path):
    assert conversion.existing(tmp_path, 'a folder') == tmp_path
    with pytest.raises(DataError, match='none: no such file or folder, expected splits'):
        conversion.existing(tmp_path / 'none', 'splits')
