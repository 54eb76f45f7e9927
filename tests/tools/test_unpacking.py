"""Unpacking: wanted members only, whole files kept, cut ones written anew, damaged archives named."""

import zipfile

import numpy as np
import pytest

from mmmtl.errors import DataError


@pytest.fixture
def archive(tmp_path):
    with zipfile.ZipFile(tmp_path / 'some.zip', 'w') as file:
        file.writestr('top/a/1.txt', 'one')
        file.writestr('top/a/2.txt', 'two')
        file.writestr('top/b/3.txt', 'three')
    return tmp_path / 'some.zip'


def wanted(member: str) -> str | None:
    return member.removeprefix('top/') if '/a/' in member else None


def test_only_what_is_wanted_and_only_what_is_missing(tool, archive, tmp_path):
    unpacking, conversion = tool('dataset_converters/unpacking'), tool('files/output_folder')
    output = conversion.Output(tmp_path / 'out')
    unpacking.unpack([archive], output, wanted)
    assert sorted(path.name for path in (tmp_path / 'out').rglob('*.txt')) == ['1.txt', '2.txt']
    assert (output.written['a'], output.kept['a']) == (2, 0)
    (tmp_path / 'out' / 'a' / '2.txt').write_text('t')  # cut off
    again = conversion.Output(tmp_path / 'out')
    unpacking.unpack([archive], again, wanted)
    assert (again.written['a'], again.kept['a']) == (1, 1)
    assert (tmp_path / 'out' / 'a' / '2.txt').read_text() == 'two'


def test_damaged_and_foreign_archives_are_named(tool, archive, tmp_path):
    unpacking, conversion = tool('dataset_converters/unpacking'), tool('files/output_folder')
    output = conversion.Output(tmp_path / 'out')
    with pytest.raises(DataError, match='no file of this dataset'):
        unpacking.unpack([archive], output, lambda member: None)
    content = archive.read_bytes()
    altered = content.replace(b'three', b'threE').replace(b'one', b'onE')
    for damaged in (b'no zip', content[: len(content) // 2], altered):
        archive.write_bytes(damaged)
        with pytest.raises(DataError, match=r'some\.zip: cannot be unpacked'):
            unpacking.unpack([archive], output, wanted)
    with pytest.raises(DataError, match='no zip archive'):
        unpacking.find_archives(tmp_path / 'out')


def test_a_member_of_3_gb_is_refused_unread(tool, archive, tmp_path):
    unpacking, conversion = tool('dataset_converters/unpacking'), tool('files/output_folder')
    content = bytearray(archive.read_bytes())
    entry = content.index(b'PK\x01\x02')
    content[entry + 24 : entry + 28] = (3 * 2**30).to_bytes(4, 'little')
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r'some\.zip: top/a/1\.txt unpacks to 3221225472 bytes, expected at most'):
        unpacking.unpack([archive], conversion.Output(tmp_path / 'out'), wanted)
    assert not list((tmp_path / 'out').iterdir())


def test_small_images(tool):
    unpacking = tool('dataset_converters/unpacking')
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    means = image.reshape(2, 2, 3, 2, 3).mean((1, 3))
    np.testing.assert_array_equal(unpacking.shrink(image, (2, 3)), np.floor(means + 0.5))
    np.testing.assert_array_equal(unpacking.subsample_label(image[..., 0], (2, 3)), image[::2, ::2, 0])


def test_archives_in_linked_folders_are_found(tool, archive, tmp_path):
    (tmp_path / 'data' / 'deep').mkdir(parents=True)
    (tmp_path / 'data' / 'deep' / 'disk').symlink_to(tmp_path)  # a circle too: data lies in what it names
    found = tool('dataset_converters/unpacking').find_archives(tmp_path / 'data')
    assert [path.name for path in found] == ['some.zip']
