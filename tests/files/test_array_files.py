"""Array files whose header does not fit what follows: refused before memory is taken for what the header promises."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mmmtl.files.array_files import read_npy, read_npz, read_pfm
from mmmtl.files.reading import read_array


def npy_bytes(shape: tuple[int, ...], content: bytes, dtype: str = '<f4') -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {'descr': dtype, 'fortran_order': False, 'shape': shape})
    return header.getvalue() + content


def test_arrays_are_what_numpy_reads(tmp_path):
    rng = np.random.default_rng(0)
    for dtype in (np.uint8, '>u2', np.float16, np.float64, bool):
        for values in (
            rng.integers(0, 2, (3, 4)).astype(dtype),
            np.asfortranarray(np.ones((2, 3, 4), dtype)),
            np.zeros((0, 5), dtype),
            np.array(1, dtype),
        ):
            np.save(tmp_path / 'a.npy', values)
            np.savez_compressed(tmp_path / 'a.npz', values)
            for found in (read_npy(tmp_path / 'a.npy'), read_npz(tmp_path / 'a.npz')):
                assert found.dtype == values.dtype
                np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize(
    ('shape', 'content'),
    [((2, 2), bytes(15)), ((2, 2), bytes(17)), ((10**6, 10), b''), ((2, 2), bytes(16) + npy_bytes((2, 2), bytes(16)))],
)
@pytest.mark.parametrize('zipped', [False, True])
def test_a_header_that_promises_another_size(tmp_path, data_error, shape, content, zipped):
    path = write(tmp_path, npy_bytes(shape, content), zipped)
    with data_error(path, 'expected [0-9]+ bytes for .*, found [0-9]+'):
        read_array(path)


@pytest.mark.parametrize('zipped', [False, True])
def test_a_header_that_promises_terabytes(tmp_path, data_error, zipped):
    path = write(tmp_path, npy_bytes((10**6, 10**6), bytes(16)), zipped)
    with data_error(path, '4000000000000 bytes, but the limit is 1073741824'):
        read_array(path)


def test_a_member_of_3_gb_is_refused_unread(tmp_path, data_error):
    """Its directory and its header say so; only a few bytes follow."""
    path = write(tmp_path, npy_bytes((3, 2**28), bytes(16)), zipped=True)
    content = bytearray(path.read_bytes())
    entry = content.rindex(b'PK\x01\x02')
    content[entry + 24 : entry + 28] = struct.pack('<I', 3 * 2**30 + 128)
    path.write_bytes(content)
    assert zipfile.ZipFile(path).infolist()[0].file_size > 3 * 2**30
    with data_error(path, '3221225472 bytes, but the limit is'):
        read_array(path)


def test_the_suffix_is_believed_and_checked(tmp_path, data_error):
    np.savez(tmp_path / 'a.npz', a=np.ones(3))
    (tmp_path / 'a.npy').write_bytes((tmp_path / 'a.npz').read_bytes())
    np.save(tmp_path / 'b.npy', np.ones(3))
    (tmp_path / 'b.npz').write_bytes((tmp_path / 'b.npy').read_bytes())
    for name in ('a.npy', 'b.npz'):
        with data_error(tmp_path / name, 'cannot be read'):
            read_array(tmp_path / name)
    (tmp_path / 'A.NPY').write_bytes((tmp_path / 'b.npy').read_bytes())
    assert read_array(tmp_path / 'A.NPY').tolist() == [1, 1, 1]


def write(folder: Path, content: bytes, zipped: bool) -> Path:
    path = folder / ('a.npz' if zipped else 'a.npy')
    if zipped:
        with zipfile.ZipFile(path, 'w') as archive:
            archive.writestr('values.npy', content)
    else:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ('header', 'match'),
    [
        ('Pf\n-1 2\n-1\n', 'expected width and height'),
        ('Pf\n2 -2\n-1\n', 'expected width and height'),
        ('Pf\n0 2\n-1\n', 'the header gives 2 x 0 pixels'),
        ('Pf\n2\n-1\n', 'expected width and height'),
        ('Pf\n2 2\n0\n', 'expected a scale'),
        ('Pf\n2 2\nnan\n', 'expected a scale'),
        ('Pf\n2 2\ninf\n', 'expected a scale'),
        ('Pf\n2 2\none\n', 'could not convert'),
        ('PF\n2 2\n-1\n', 'expected a single-channel float map'),
        ('Pf\n', 'expected width'),
        ('Pf\n2 3\n-1\n', 'expected 24 bytes for 3 x 2 values, found 16'),
        ('Pf\n2 1\n-1\n', 'expected 8 bytes'),
        ('Pf\n99999 99999\n-1\n', 'the limit is'),
    ],
)
def test_a_float_map_with_a_header_that_cannot_be(tmp_path, data_error, header, match):
    path = tmp_path / 'd.pfm'
    path.write_bytes(header.encode() + bytes(16))
    with data_error(path, match):
        read_array(path)


def test_a_float_map_is_read_from_below(tmp_path):
    values = np.arange(6, dtype='<f4').reshape(2, 3)
    path = tmp_path / 'd.pfm'
    path.write_bytes(b'Pf\n3 2\n-0.0039\n' + values.tobytes())
    np.testing.assert_array_equal(read_pfm(path), values[::-1])


def test_files_with_equal_headers_keep_their_own_values(tmp_path):
    for number in range(3):
        for order in ('C', 'F'):
            values = np.asarray(np.arange(6).reshape(2, 3) + number, np.float32, order=order)
            np.save(tmp_path / 'a.npy', values)
            found = read_npy(tmp_path / 'a.npy')
            np.testing.assert_array_equal(found, values, strict=True)
            found += 1  # writable, and not shared with the next file


def test_headers_of_both_versions_and_of_none(tmp_path):
    values = np.arange(5, dtype=np.int16)
    for version in ((1, 0), (2, 0)):
        with (tmp_path / 'a.npy').open('wb') as file:
            np.lib.format.write_array(file, values, version)
        np.testing.assert_array_equal(read_npy(tmp_path / 'a.npy'), values, strict=True)
    whole = (tmp_path / 'a.npy').read_bytes()
    for length in range(0, 40, 3):
        (tmp_path / 'a.npy').write_bytes(whole[:length])
        with pytest.raises(ValueError):
            read_npy(tmp_path / 'a.npy')
