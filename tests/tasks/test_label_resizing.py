"""Resized labels: outlines stay closed at any scale, strokes keep their width, points keep the nearest surface."""

from fractions import Fraction

import cv2
import numpy as np
import pytest
from skimage.measure import label as components

from mmmtl.datasets.label_readers.lidar import project_points
from mmmtl.tasks import Depth, Edge, InverseDepth
from mmmtl.tasks.label_resizing import (
    full_blocks,
    index_ranges,
    largest_per_row,
    resize_lines,
    resize_nearest,
    resize_points,
)
from mmmtl.tasks.thinning import thin

VOID = 255


def outline(rng: np.random.Generator, size: tuple[int, int] = (90, 110)) -> np.ndarray:
    """(H, W) float32: a closed line one pixel wide around a random box or ellipse of at least 40 pixels."""
    top, left = rng.integers(2, 20, 2)
    bottom, right = rng.integers(62, size[0] - 2), rng.integers(62, size[1] - 2)
    if rng.random() < 0.5:
        line = np.zeros(size, bool)
        line[[top, bottom], left : right + 1] = line[top : bottom + 1, [left, right]] = True
    else:
        y, x = np.mgrid[: size[0], : size[1]]
        disc = ((2 * y - top - bottom) / (bottom - top)) ** 2 + ((2 * x - left - right) / (right - left)) ** 2 < 1
        line = disc & ~(cv2.erode(disc.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    return thin(line).astype(np.float32)


def random_size(rng: np.random.Generator, size: tuple[int, int]) -> tuple[int, int]:
    """0.25 to 2.5 times as large, each axis by its own factor."""
    return tuple(max(2, round(length * rng.uniform(0.25, 2.5))) for length in size)


def pieces(mask: np.ndarray) -> int:
    return components(mask, connectivity=2).max()


def regions(mask: np.ndarray) -> int:
    return components(~mask, connectivity=1).max()


@pytest.mark.parametrize('seed', range(40))
def test_a_closed_outline_stays_closed_and_thin(seed):
    rng = np.random.default_rng(seed)
    line = outline(rng)
    size = random_size(rng, line.shape)
    small = resize_lines(line, size, VOID)
    assert small.shape == size and small.dtype == line.dtype
    assert (pieces(small > 0), regions(small > 0)) == (1, 2)
    assert not full_blocks(small > 0).any() and (thin(small > 0) == (small > 0)).all()
    back = np.argwhere(small > 0) * line.shape / size  # upper left corners of its pixels; nothing is far from the line
    there = np.argwhere(line > 0)
    reach = np.maximum(np.array(line.shape) / size, 1) + 1
    assert (np.abs(back[:, None] - there) <= reach).all(-1).any(1).all()


@pytest.mark.parametrize('size', [(32, 40), (31, 39), (20, 27), (64, 13), (90, 100)])
@pytest.mark.parametrize('column', [10, 11, 12, 13])
def test_a_straight_line_survives_wherever_it_lies(size, column):
    line = np.zeros((64, 80), np.float32)
    line[:, column] = 1
    small = resize_lines(line, size, VOID)
    assert (small.sum(1) == 1).all()
    assert (resize_lines(line.T, size[::-1], VOID).sum(0) == 1).all()


@pytest.mark.parametrize('seed', range(20))
def test_a_line_from_rim_to_rim_still_parts_the_image(seed):
    rng = np.random.default_rng(seed)
    slope, wave = rng.uniform(-0.5, 0.5), rng.uniform(0, 12)
    y, x = np.mgrid[:80, :100]
    above = y < 40 + slope * (x - 50) + wave * np.sin(x / rng.uniform(4, 20))
    line = thin(above & (cv2.erode(above.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) == 0))
    assert regions(line) == 2
    small = resize_lines(line.astype(np.float32), random_size(rng, line.shape), VOID) > 0
    assert regions(small) == 2 and not full_blocks(small).any()


@pytest.mark.parametrize('row', [0, 1, 63, 62])
def test_a_line_along_the_rim_is_kept(row):
    line = np.zeros((64, 80), np.float32)
    line[row] = 1
    for size in ((32, 40), (33, 40), (64, 80), (77, 90)):
        assert (resize_lines(line, size, VOID).sum(0) == 1).all()


@pytest.mark.parametrize('seed', range(10))
def test_a_stroke_keeps_its_width_in_proportion(seed):
    rng = np.random.default_rng(seed)
    stroke = cv2.dilate(outline(rng), np.ones((3, 3), np.uint8))
    size = random_size(rng, stroke.shape)
    resized = resize_lines(stroke, size, VOID) > 0
    assert (pieces(resized), regions(resized)) == (1, 2)
    assert 0.9 < resized.mean() / stroke.mean() < 1.1
    np.testing.assert_array_equal(resize_lines(stroke, stroke.shape, VOID), stroke)


def test_its_own_size_is_identity():
    line = outline(np.random.default_rng(0))
    np.testing.assert_array_equal(resize_lines(line, line.shape, VOID), line)


@pytest.mark.parametrize('seed', range(20))
def test_a_mirrored_map_is_resized_alike(seed):
    """Exactly so before thinning, which cannot halve two pixels: after it lines differ by a pixel at most."""
    rng = np.random.default_rng(seed)
    line = outline(rng)
    size = random_size(rng, line.shape)
    for axis in (0, 1):
        rows, turned = min(size[axis], line.shape[axis]), np.moveaxis(line, axis, 0)
        np.testing.assert_array_equal(largest_per_row(turned[::-1], rows), largest_per_row(turned, rows)[::-1])
        one, other = resize_lines(line, size, VOID), np.flip(resize_lines(np.flip(line, axis), size, VOID), axis)
        for ours, theirs in ((one, other), (other, one)):
            assert cv2.dilate(ours, np.ones((3, 3), np.uint8))[theirs > 0].all()


@pytest.mark.parametrize(('length', 'count'), [(12, 12), (12, 5), (12, 6), (12, 8), (3, 2), (65, 32), (7, 1), (99, 98)])
def test_cells_by_fractions(length, count):
    first, last = index_ranges(length, count)
    for cell in range(count):
        low, high = Fraction(cell * length, count), Fraction((cell + 1) * length, count)
        inside = [pixel for pixel in range(length) if low <= pixel + Fraction(1, 2) <= high]
        assert [first[cell], last[cell]] == [inside[0], inside[-1]]


@pytest.mark.parametrize('seed', range(10))
def test_where_a_map_grows_values_are_those_of_the_nearest_pixel(seed):
    rng = np.random.default_rng(seed)
    values = rng.random((9, 13)).astype(np.float32)
    size = int(rng.integers(9, 40)), int(rng.integers(13, 40))
    larger = largest_per_row(largest_per_row(values, size[0]).T, size[1]).T
    rows, columns = (
        np.floor((np.arange(new) + 0.5) * old / new).astype(int) for new, old in zip(size, values.shape, strict=True)
    )
    np.testing.assert_array_equal(larger, values[rows][:, columns])


def test_shares_keep_their_largest_value_and_get_no_new_one():
    rng = np.random.default_rng(0)
    fractions = np.mean(
        [np.roll(outline(np.random.default_rng(3)), rng.integers(-2, 3, 2), (0, 1)) for _ in range(5)], 0
    )
    small = resize_lines(fractions.astype(np.float32), (45, 55), VOID)
    assert set(np.unique(small)) <= set(np.unique(fractions.astype(np.float32)))
    assert small.max() == np.float32(fractions.max()) and regions(small > 0) >= 2
    lone = np.zeros((40, 40), np.float32)
    lone[:, 17], lone[20, 17] = 0.2, 0.8  # a line of one annotator, marked by others in one place
    assert np.unique(resize_lines(lone, (20, 20), VOID)[2:-2].max(1)).tolist() == pytest.approx([0.2, 0.8])


def test_void_spreads_over_no_line():
    line = outline(np.random.default_rng(1))
    expected = resize_lines(line, (45, 55), VOID)
    unknown = np.zeros(line.shape, bool)
    unknown[:, 60:] = True
    small = resize_lines(np.where(unknown & (line == 0), VOID, line).astype(np.float32), (45, 55), VOID)
    np.testing.assert_array_equal(np.where(small == VOID, 0, small), expected)
    np.testing.assert_array_equal(
        small == VOID, (expected == 0) & (resize_nearest(line, (45, 55)) == 0) & (np.arange(55) >= 30)
    )


def test_annotators_are_resized_one_by_one():
    maps = [outline(np.random.default_rng(seed)) for seed in range(3)] + [np.full((90, 110), VOID, np.float32)]
    stacked = Edge('edge', annotators=4).resize(np.stack(maps, -1), (45, 70))
    assert stacked.shape == (45, 70, 4) and (stacked[..., 3] == VOID).all()
    for number, one in enumerate(maps):
        np.testing.assert_array_equal(stacked[..., number], Edge('edge').resize(one, (45, 70)))


@pytest.mark.parametrize('dtype', [np.float32, np.uint8, np.int16, np.uint16, np.int64])
def test_the_published_way_takes_the_nearest_pixel(dtype):
    rng = np.random.default_rng(0)
    label = rng.choice([0, 1, VOID], (48, 63)).astype(dtype)
    for size in ((16, 21), (48, 21), (32, 100), (80, 64)):  # no pixel centre falls on an edge
        rows, columns = (
            np.floor((np.arange(new) + 0.5) * old / new).astype(int) for new, old in zip(size, label.shape, strict=True)
        )
        found = Edge('edge', interpolation='nearest').resize(label, size)
        np.testing.assert_array_equal(found, label[rows][:, columns])
        np.testing.assert_array_equal(found, resize_nearest(label, size))
        assert found.dtype == dtype


def test_a_task_may_ask_for_mixed_values():
    task = Edge('edge')
    task.interpolation = 'bilinear'
    ramp = np.tile(np.arange(8, dtype=np.float32), (4, 1))
    np.testing.assert_allclose(task.resize(ramp, (2, 4)), [[0.5, 2.5, 4.5, 6.5]] * 2)


@pytest.mark.parametrize('size', [(37, 61), (25, 119), (13, 17)])  # odd parts of even sides: no centre on a border
def test_points_are_where_projection_into_the_new_size_would_put_them(size):
    rng = np.random.default_rng(0)
    pixels, depth = np.floor(rng.random((900, 2)) * (120, 100)) + 0.5, rng.uniform(1, 60, 900)
    points = np.column_stack([pixels * depth[:, None], depth])
    large, small = (
        project_points(points, np.diag([width / 120, height / 100, 1]) @ np.eye(3, 4), (height, width))
        for height, width in ((100, 120), size)
    )
    resized = resize_points(large, size, 0)
    np.testing.assert_allclose(resized, small, rtol=1e-6)
    assert resized.dtype == np.float32


def test_sparse_depth_loses_no_surface_and_dense_depth_is_as_before():
    depth = np.where(np.random.default_rng(0).random((60, 80)) < 0.05, 7.0, 0).astype(np.float32)
    for task in (Depth('depth', interpolation='points'), InverseDepth('depth', interpolation='points')):
        small = task.resize(depth, (30, 40))
        np.testing.assert_array_equal(small > 0, (depth > 0).reshape(30, 2, 40, 2).any((1, 3)))
    np.testing.assert_array_equal(Depth('depth').resize(depth, (30, 40)), depth[1::2, 1::2])
