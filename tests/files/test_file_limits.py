"""The limit of pixels holds for pictures and arrays alike, and can be raised."""

import numpy as np
import pytest
from PIL import Image

from mmmtl.errors import ConfigError
from mmmtl.files.file_limits import VARIABLE
from mmmtl.files.reading import read_array, read_image


def written(path, values: np.ndarray):
    if path.suffix == '.npy':
        np.save(path, values)
    elif path.suffix == '.npz':
        np.savez_compressed(path, values=values)
    elif path.suffix == '.pfm':
        path.write_bytes(b'Pf\n%d %d\n-1\n' % values.shape[::-1] + values.astype('<f4').tobytes())
    else:
        Image.fromarray(values.astype(np.uint8)).save(path)
    return path


@pytest.mark.parametrize('suffix', ['.png', '.pfm', '.npy', '.npz'])
def test_the_limit(tmp_path, data_error, monkeypatch, suffix):
    monkeypatch.setenv(VARIABLE, '100')
    dtype = np.complex128 if suffix in ('.npy', '.npz') else np.float32  # 16 bytes, refused for another reason
    inside, outside = (written(tmp_path / f'{n}{suffix}', np.zeros((n, 10), dtype)) for n in (10, 11))
    with data_error(outside, rf'the limit is .*raise the limit with {VARIABLE}=110'):
        read_array(outside)
    if dtype == np.complex128:
        with data_error(inside, 'expected numbers, found dtype complex128'):
            read_array(inside)
    else:
        assert read_array(inside).shape == (10, 10)
    monkeypatch.setenv(VARIABLE, '110')
    if suffix == '.png':
        assert read_image(outside).shape == (11, 10, 3)


@pytest.mark.parametrize('text', ['0', '-5', 'many', '1e8'])
def test_an_invalid_limit_is_an_error(tmp_path, monkeypatch, text):
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ConfigError, match=f'{VARIABLE}={text}: expected a number of pixels'):
        read_image(written(tmp_path / 'i.png', np.zeros((2, 2))))
