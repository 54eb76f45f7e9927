"""Sparse depth: the nearest point of a pixel counts, a real sweep lies where the image says."""

import json

import numpy as np
import pytest
from PIL import Image

from mmmtl.datasets.label_readers.lidar import LidarDepth, project_points, read_points
from mmmtl.tasks import Depth

CAMERA = np.array([[10.0, 0, 4, 0], [0, 10.0, 3, 0], [0, 0, 1, 0]])  # 6 x 8 pixels


def test_the_nearest_point_of_a_pixel_counts_and_the_rest_is_unknown():
    # pixel (row 3, column 5) spans x/z from 0.1 to 0.2 and y/z from 0 to 0.1
    points = np.array([[1.5, 0.5, 10], [0.75, 0.25, 5], [2.9, 0.1, 15], [0, 0, -2], [0, 0, 0.01], [9, 0, 1]])
    depth = project_points(points, CAMERA, (6, 8))
    assert depth.dtype == np.float32
    assert depth[3, 5] == 5
    assert np.count_nonzero(depth) == 1


def test_a_point_on_the_border_between_pixels_belongs_to_the_right_one():
    assert project_points(np.array([[0.1, 0, 1]]), CAMERA, (6, 8))[3, 5] == 1
    assert project_points(np.array([[0.0999, 0, 1]]), CAMERA, (6, 8))[3, 4] == 1


def test_projection_equals_a_loop():
    rng = np.random.default_rng(0)
    points = rng.normal(0, 3, (500, 3))
    expected = np.zeros((6, 8))
    for x, y, z in points:
        if z > 0.1:
            column, row = int(np.floor(10 * x / z + 4)), int(np.floor(10 * y / z + 3))
            if 0 <= column < 8 and 0 <= row < 6:
                expected[row, column] = min(z, expected[row, column] or np.inf)
    np.testing.assert_allclose(project_points(points, CAMERA, (6, 8)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'1234567',
        np.ones(6, np.float32).tobytes(),
        np.full(8, np.nan, np.float32).tobytes(),
        np.full(8, 1e9, np.float32).tobytes(),
    ],
)
def test_damaged_sweeps_are_named(tmp_path, data_error, content):
    (tmp_path / 'p.bin').write_bytes(content)
    with data_error(tmp_path / 'p.bin'):
        read_points(tmp_path / 'p.bin')
    with data_error(tmp_path / 'missing.bin'):
        read_points(tmp_path / 'missing.bin')


def test_the_real_sweep_000008(data_root):
    folder = data_root / 'real' / 'kitti_object'
    (described,) = json.loads((folder / '000008_info.json').read_text())['data_list']
    camera = np.array(described['images']['CAM2']['lidar2img'])[:3]
    camera[:2] += 0.5 * camera[2]  # pixel centres at +0.5
    label = LidarDepth(folder / '000008.bin', folder / '000008.png', camera).load(Depth('depth'))
    size = Image.open(folder / '000008.png').size
    assert label.shape == size[::-1]
    points = len(read_points(folder / '000008.bin'))
    assert 0.9 * points < np.count_nonzero(label) <= points == 17238  # all in view, a few behind each other
    known = label[label > 0]
    assert 2 < known.min() and known.max() < 85
    assert not label[:100].any()  # the scanner sees nothing above its cone
    rows = [np.median(values[values > 0]) for values in np.array_split(label[180:], 5)]
    assert rows[0] > rows[-1]  # the road comes nearer towards the lower border
