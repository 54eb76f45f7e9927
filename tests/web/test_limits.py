"""Limits of the page: size, damage and time, each of them one line."""

import threading

import numpy as np
import pytest
from PIL import Image

from mmmtl.errors import DataError
from mmmtl.web.limits import BusyError, Limits, TimedWorker


@pytest.fixture
def photograph(tmp_path):
    file = tmp_path / 'upload' / 'a photo.png'
    file.parent.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 30, 3), np.uint8)).save(file)
    return file


def test_a_photograph_within_the_limits(photograph):
    assert Limits(megapixels=0.0012).read(photograph).shape == (40, 30, 3)


@pytest.mark.parametrize(
    ('limits', 'message'),
    [
        (Limits(megapixels=0.001), r'^a photo.png: 30 x 40 are 0.0 megapixels; the limit is 0.001'),
        (Limits(megabytes=0.001), r'^a photo.png: 0.0 MB; the limit is 0.001 MB'),
    ],
)
def test_one_that_is_too_large(limits, message, photograph):
    with pytest.raises(DataError, match=message):
        limits.read(photograph)


@pytest.mark.parametrize('content', [b'', b'no image', None])
def test_a_damaged_file_is_named_without_its_folder(content, photograph):
    photograph.write_bytes(photograph.read_bytes()[:100] if content is None else content)
    with pytest.raises(DataError) as caught:
        Limits().read(photograph)
    line = str(caught.value)
    assert line.startswith('a photo.png: ') and str(photograph.parent) not in line and '\n' not in line


def test_a_result_in_time_and_its_error():
    worker = TimedWorker(10)
    assert worker(lambda: 3) == 3
    with pytest.raises(DataError, match='^wrong$'):
        worker(lambda: (_ for _ in ()).throw(DataError('wrong')))


def test_a_call_that_takes_too_long_and_the_next_ones():
    worker, release = TimedWorker(0.05), threading.Event()
    for _ in range(2):  # the second waits for the first
        with pytest.raises(BusyError, match='within 0.05 seconds'):
            worker(release.wait)
    release.set()
    worker.seconds = 10
    assert worker(lambda: 4) == 4
