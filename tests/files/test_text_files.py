"""Text in every form that an editor may leave: each reader of the package gets the same out of it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from miniature_driving import CAMERAS, DATE, DRIVE

from mmmtl.datasets.benchmarks import kitti_calibration, middlebury
from mmmtl.datasets.benchmarks.cityscapes import read_camera
from mmmtl.datasets.benchmarks.kitti_frames import read_frames
from mmmtl.datasets.benchmarks.pascal_context import read_json
from mmmtl.datasets.benchmarks.posed_video_files import read_intrinsics, read_pose
from mmmtl.datasets.label_readers.region_files import read_manifest
from mmmtl.datasets.label_settings import LabelList
from mmmtl.datasets.split_files import read_split
from mmmtl.errors import DataError
from mmmtl.files.checksums import Checksums
from mmmtl.files.text_files import read_lines, read_matrix, read_numbers, read_text

MATRIX = '1 0 2.5 0\n0 1 3.5 0\n0 0 1 0\n0 0 0 1\n'
MIDDLEBURY = 'cam0=[50 0 6; 0 50 4; 0 0 1]\ncam1=[50 0 8.5; 0 50 4; 0 0 1]\ndoffs=2.5\nbaseline=200\n'
CITYSCAPES = json.dumps({'intrinsic': dict(fx=1, fy=2, u0=3, v0=4), 'extrinsic': dict(baseline=0.2)}, indent=1)
READERS = {
    'list': ('train.txt', 'b\na\nc\n', read_split),
    'frames': ('frames.txt', f'{DATE}/{DRIVE} 5 l\n{DATE}/{DRIVE} 6 r\n', read_frames),
    'rows': ('poses.txt', '1 2 3\n4 5 6\n', lambda path: read_matrix(path, 3).tolist()),
    'intrinsics': ('k.txt', MATRIX, lambda path: read_intrinsics(path).tolist()),
    'pose': ('0.txt', MATRIX, lambda path: read_pose(path).tolist()),
    "KITTI's calibration": (
        'c.txt',
        CAMERAS,
        lambda path: kitti_calibration.read_kitti_calibration(path, ['R_rect_00'])['R_rect_00'].tolist(),
    ),
    "Middlebury's calibration": (
        'calib.txt',
        MIDDLEBURY,
        lambda path: np.array(middlebury.read_middlebury_calibration(path)[0]).tolist(),
    ),
    "Cityscapes' camera": ('camera.json', CITYSCAPES, lambda path: read_camera(path)[0].tolist()),
    'classes': ('classes.json', '{"b\u00e4r": 1}', read_json),
    'table of labels': (
        'table.json',
        '{"tasks": ["a"], "labelled": ["1"]}',
        lambda path: LabelList(str(path)).labelled,
    ),
    'checksums': ('sums.json', '{"a.png": "00"}', lambda path: read_known(path)),
    'regions': ('manifest.json', '{"backend": "slic"}', lambda path: read_manifest(path.parent)),
}
FORMS = {
    'CRLF': lambda text: text.replace('\n', '\r\n').encode(),
    'CR': lambda text: text.replace('\n', '\r').encode(),
    'no newline at the end': lambda text: text.rstrip('\n').encode(),
    'blank lines and blanks': lambda text: ('\n' + text.replace('\n', ' \t\n\n') + ' \n').encode(),
    'UTF-8 with mark': lambda text: text.encode('utf-8-sig'),
    'UTF-8 with mark and CRLF': lambda text: text.replace('\n', '\r\n').encode('utf-8-sig'),
    'UTF-16': lambda text: text.encode('utf-16'),
    'UTF-16, big end first': lambda text: b'\xfe\xff' + text.replace('\n', '\r\n').encode('utf-16-be'),
}


def read_known(manifest: Path) -> dict:
    checksums = Checksums()
    checksums.read(manifest)
    return checksums.known


@pytest.mark.parametrize('form', FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize(('name', 'text', 'read'), READERS.values(), ids=READERS.keys())
def test_the_form_of_a_text_does_not_matter(tmp_path, name, text, read, form):
    path = tmp_path / name
    path.write_bytes(text.encode())
    plain = read(path)
    path.write_bytes(form(text))
    assert read(path) == plain and plain


def test_lines_keep_their_numbers(tmp_path):
    (tmp_path / 'list').write_bytes('\ufeff\n a b\r\n\r\nc'.encode())
    assert read_lines(tmp_path / 'list') == {2: 'a b', 4: 'c'}


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('B\xe4r'.encode('latin-1'), 'at byte 1, so it is not utf-8 text; save it as UTF-8'),
        ('abc'.encode('utf-16-le'), 'null bytes, so it is not UTF-8 text; save it as UTF-8'),
        (b'\xff\xfe\x00', 'so it is not utf-16 text; save it as UTF-8'),
    ],
)
def test_a_file_that_is_not_text_is_an_error(tmp_path, content, message):
    (tmp_path / 'list').write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_text(tmp_path / 'list')


def test_numbers(tmp_path):
    path = tmp_path / 'numbers'
    path.write_text('1 -inf\n# a remark\n\n2 3\n')
    assert read_numbers(path).tolist() == [[1, -np.inf], [2, 3]]
    for empty in (' \n', '# x y\n\n  # z\n'):
        path.write_text(empty)
        with pytest.raises(ValueError, match='the file has no numbers'):
            read_numbers(path)


def test_numbers_are_those_of_loadtxt(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / 'numbers.txt'
    for form in ('{:.17g}', '{:+.3e}', '{:.6f}', '{:.0f}', '{:.1f}  \t', ' {:g} # comment'):
        matrix = rng.normal(size=(4, 1 if '#' in form else 4)) * 10.0 ** rng.integers(-200, 200)
        path.write_text('\n\n'.join(' '.join(map(form.format, row)) for row in matrix))
        np.testing.assert_array_equal(read_numbers(path), np.loadtxt(path, ndmin=2))
    for text in ('nan inf\n-inf 1', '1e400 -1e-400'):
        path.write_text(text)
        np.testing.assert_array_equal(read_numbers(path), np.loadtxt(path, ndmin=2))
    for text in ('1 2\n3', '1 --2', '1 2e', '1_0 2', '.', 'a b'):
        path.write_text(text)
        with pytest.raises(ValueError, match='line 1 is not|line 2 has 1 numbers'):
            read_numbers(path)
        with pytest.raises(ValueError, match='column|convert|columns'):
            np.loadtxt(path, ndmin=2)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('1 2 3\n\n# x\n4 5 y\n', "expected rows of 3 numbers (line 4 is not a row of numbers: '4 5 y')"),
        ('\n1 2 3\n\n4 5\n', 'expected rows of 3 numbers (line 4 has 2 numbers, but the first row has 3)'),
        ('1 2 3 # a\n4 5\n', 'expected rows of 3 numbers (line 2 has 2 numbers, but the first row has 3)'),
        ('# only a comment\n', 'expected rows of 3 numbers (the file has no numbers)'),
        ('1 2\n3 4\n', 'expected rows of 3 numbers, found rows of 2'),
        ('1 2 3\n4 5 nan\n', 'expected finite numbers, found nan in row 2, column 3'),
    ],
)
def test_messages_of_matrices_name_the_fault(tmp_path, text, message):
    (tmp_path / 'poses.txt').write_text(text)
    with pytest.raises(DataError, match=re.escape(f'poses.txt: {message}')):
        read_matrix(tmp_path / 'poses.txt', 3)
