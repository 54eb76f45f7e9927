"""Point clouds: back-projection by hand, void pixels, any size, and an iframe that loads nothing."""

import base64
import html
import re

import numpy as np
import pytest

from mmmtl.web.point_viewer import viewer, viewer_points

K = np.array([[20.0, 0, 3], [0, 20.0, 2], [0, 0, 1]])


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8)


def test_by_hand(image):
    depth = np.full((4, 6), 2.0, np.float32)
    cloud = viewer_points(image, depth, K)
    assert cloud.points.shape == (24, 3)
    expected = [2 * (0.5 - 3) / 20, 2 * (0.5 - 2) / 20, 2]  # the centre of the first pixel
    np.testing.assert_allclose(cloud.points[0], expected, rtol=1e-5)
    np.testing.assert_array_equal(cloud.colours, image.reshape(-1, 3))
    np.testing.assert_allclose(cloud.spacing, 0.1)


@pytest.mark.parametrize('void', [0, -1, np.nan, np.inf])
def test_pixels_without_depth_are_left_out(void, image):
    depth = np.ones((4, 6), np.float32)
    depth[1:] = void
    cloud = viewer_points(image, depth, K)
    assert len(cloud.points) == len(cloud.colours) == len(cloud.spacing) == 6
    assert np.isfinite(cloud.points).all()
    assert not len(viewer_points(image, np.full((4, 6), void, np.float32), K).points)


@pytest.mark.parametrize('size', [(1, 1), (1, 900), (300, 400), (401, 302)])
def test_the_number_of_points_is_limited(size):
    cloud = viewer_points(np.zeros((*size, 3), np.uint8), np.ones(size, np.float32), K, max_points=500)
    assert 1 <= len(cloud.points) <= 1.2 * 500


def test_the_viewer_has_all_points_and_loads_nothing(image):
    cloud = viewer_points(image, np.ones((4, 6), np.float32), K)
    frame = viewer(cloud, (4, 6), 20.0)
    page = html.unescape(re.search(r'srcdoc="([^"]*)"', frame)[1])
    values, colours = (base64.b64decode(text) for text in re.findall(r"bytes\('([^']*)'\)", page))
    stored = np.frombuffer(values, '<f4').reshape(-1, 4)
    np.testing.assert_array_equal(stored, np.c_[cloud.points, cloud.spacing])
    np.testing.assert_array_equal(np.frombuffer(colours, np.uint8).reshape(-1, 3), cloud.colours)
    assert '3.333333 * Math.min(width, height * 1.500000)' in page
    assert 'sandbox="allow-scripts"' in frame and not re.search(r'https?://|\bsrc=|import', page)
