"""Every form of input is found, keeps a name of its own, and is named if it is wrong."""

import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import PurePath

import numpy as np
import pytest
from noise_images import noise, write
from small_video import write_video

from mmmtl.errors import DataError
from mmmtl.predictions import image_sources
from mmmtl.predictions.image_sources import find_sources


@pytest.fixture
def photos(tmp_path):
    for name in ('a.png', 'b.PNG', 'sub/a.png', 'sub/deep/c.png'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, noise(8, 9, len(name)))
    (tmp_path / 'notes.md').write_text('no image')
    return tmp_path


def names(*arguments) -> list[str]:
    return [source.name for source in find_sources([str(argument) for argument in arguments])]


def test_files_and_folders(photos):
    assert names(photos) == ['a.png', 'b.PNG']
    assert names(photos / 'b.PNG', photos / 'sub') == ['b.PNG', 'a.png']
    (source,) = find_sources([str(photos / 'a.png')])
    (image,) = source.images()
    np.testing.assert_array_equal(image.read(), noise(8, 9, len('a.png')))
    assert source.count() == 1 and image.file == photos / 'a.png'


def test_patterns_keep_the_folders_below_their_fixed_part(photos):
    assert names(photos / '*.png') == ['a.png']
    assert names(photos / '**' / '*.png') == ['a.png', 'sub/a.png', 'sub/deep/c.png']
    assert names(photos / 'sub' / '**') == ['a.png', 'deep/c.png']
    assert names(photos / '?.png') == ['a.png']


def test_a_file_whose_name_looks_like_a_pattern(tmp_path):
    write(tmp_path / 'room[1].png', noise(8, 9))
    assert names(tmp_path / 'room[1].png') == ['room[1].png']


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_lists_are_relative_to_their_folder(photos, monkeypatch, encoding):
    lines = f'sub/a.png\r\n\r\n {photos}/a.png \r\n'
    (photos / 'list.txt').write_bytes(lines.encode(encoding))
    monkeypatch.chdir('/')
    found = find_sources([str(photos / 'list.txt')])
    assert [source.name for source in found] == ['sub/a.png', 'a.png']
    for source in found:
        (image,) = source.images()
        assert image.read().shape == (8, 9, 3)


@pytest.mark.parametrize('folder', ['.', 'predictions', 'sub/out'])
def test_a_pattern_leaves_out_the_results_of_an_earlier_run(photos, folder):
    write_video(photos / 'clip.avi', 2)
    pattern, out = str(photos / '**' / '*.*'), photos / folder
    own = {source.name for source in find_sources([pattern], out=out)}
    results = ['a.png.depth.png', 'b.PNG.sheet.png', 'sub/a.png.semseg.png']
    results += ['clip.avi/000001.depth.png'] if folder != '.' else []
    for name in results:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        write(out / name, noise(4, 4))
    assert len(find_sources([pattern])) == len(own) + len(results)
    assert {source.name for source in find_sources([pattern], out=out)} == own
    named = [str(photos / 'a.png'), str(out / 'a.png.depth.png')]
    assert len(find_sources(named, out=out)) == 2, 'a file that is named is predicted'


def calls_of(function: Callable[[], None]) -> int:
    """Run a function and return the number of calls of Python functions."""
    events = Counter()
    sys.setprofile(lambda frame, event, argument: events.update([event]))
    try:
        function()
    finally:
        sys.setprofile(None)
    return events['call']


def test_names_never_lead_out_of_the_output_folder(photos):
    (photos / 'sub' / 'list.txt').write_text('../a.png\ndeep/../../b.PNG\n')
    assert names(photos / 'sub' / 'list.txt') == ['a.png', 'b.PNG']


def test_equal_names_are_refused(photos):
    with pytest.raises(DataError, match=r'sub/a.png: another image has the same name'):
        find_sources([str(photos / 'a.png'), str(photos / 'sub' / 'a.png')])


@pytest.mark.parametrize('compare_names', [False, True])
def test_the_search_is_linear_in_the_number_of_images(photos, monkeypatch, compare_names):
    def find(count: int) -> None:
        images = [photos / f'{index}.png' for index in range(count)]
        monkeypatch.setattr(image_sources, 'list_images', lambda folder: images)
        names = [PurePath(source.name) for source in find_sources([str(photos)])]
        assert len(names) == count
        if compare_names:  # a quadratic search, which the count of calls must show
            assert all(names.count(name) == 1 for name in names)

    find(10)  # fills caches
    ratio = calls_of(lambda: find(400)) / calls_of(lambda: find(100))
    assert (ratio > 8) if compare_names else (ratio < 4.5)


def test_wrong_arguments_are_named(photos):
    empty = photos / 'empty'
    empty.mkdir()
    (photos / 'none.txt').write_text('\n')
    (photos / 'binary.txt').write_bytes(b'\xff\x00\x80')
    for argument, message in (
        (empty, 'no image in this folder'),
        (photos / '*.gif', 'no file matches this pattern'),
        (photos / 'none.txt', 'the list is empty'),
        (photos / 'binary.txt', 'expected a path of an image per line'),
        (photos / 'gone.txt', 'no such file'),
    ):
        with pytest.raises(DataError, match=message) as caught:
            find_sources([str(argument)])
        assert str(argument) in str(caught.value) and '\n' not in str(caught.value)


def test_a_missing_file_is_named_when_it_is_read(photos):
    (source,) = find_sources([str(photos / 'gone.png')])
    (image,) = source.images()
    with pytest.raises(DataError, match='gone.png: no such file'):
        image.read()


def test_frames_of_a_video(photos):
    write_video(photos / 'clip.avi', 5)
    (source,) = find_sources([str(photos / 'clip.avi')], frame_step=2)
    assert source.count() == 3
    found = [(image.name, image.read().shape) for image in source.images()]
    assert found == [(f'clip.avi/{index:06d}', (32, 48, 3)) for index in (0, 2, 4)]
    os.truncate(photos / 'clip.avi', 100)
    assert source.count() == 0
