"""Videos are read frame by frame; damaged ones are named."""

import numpy as np
import pytest
from small_video import write_video

from mmmtl.errors import DataError
from mmmtl.predictions.video_frames import Video


@pytest.mark.parametrize('step', [1, 3, 10])
def test_frames_are_rgb_in_order(tmp_path, step):
    frames = write_video(tmp_path / 'a.avi')
    video = Video(tmp_path / 'a.avi', step)
    found = {index: decode() for index, decode in video}
    assert list(found) == list(range(0, 7, step)) and len(video) == len(found)
    for index, frame in found.items():
        assert frame.dtype == np.uint8
        np.testing.assert_allclose(frame, frames[index], atol=6)


def test_what_is_no_video_is_named_in_one_line(tmp_path, capfd):
    (tmp_path / 'a.mp4').write_bytes(b'no video')
    for name, message in (('a.mp4', 'cannot be read as a video'), ('gone.mp4', 'no such file')):
        with pytest.raises(DataError, match=f'{name}: {message}'):
            Video(tmp_path / name)
    assert capfd.readouterr() == ('', '')


def test_a_video_that_was_cut_off_is_named_after_its_last_frame(tmp_path):
    write_video(tmp_path / 'a.avi', 40)
    content = (tmp_path / 'a.avi').read_bytes()
    (tmp_path / 'a.avi').write_bytes(content[: len(content) // 2])
    found = []
    with pytest.raises(DataError, match=r'a.avi: only \d+ of 40 frames can be read'):
        found.extend(index for index, _ in Video(tmp_path / 'a.avi'))
    assert 5 < len(found) < 35
