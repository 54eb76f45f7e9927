"""Keys below maps: colour bars, class colours, the ball of normals, the mark of void."""

import numpy as np
import pytest

from mmmtl.tasks import Depth, Edge, Normal, SemSeg
from mmmtl.visualization.keys import BACKGROUND, break_lines, colour_bar, draw_key, hatched

DEPTH = Depth('depth')


def test_a_colour_bar_has_the_colours_of_the_map():
    """Every pixel of the bar has the colour of a map of its value."""
    bar = colour_bar(DEPTH.display, (1.0, 5.0), 200, 12)
    values = 1 + (np.arange(200) + 0.5) / 200 * 4
    np.testing.assert_array_equal(
        bar[:12], DEPTH.display.draw(values[None].repeat(12, 0).astype(np.float32), (1.0, 5.0))
    )
    assert (bar[12:] < 128).any(), 'no numbers'
    assert not np.array_equal(bar[12:], colour_bar(DEPTH.display, (1.0, 9.0), 200, 12)[12:])


def test_a_bar_from_zero_has_no_void():
    assert colour_bar(DEPTH.display, (0.0, 5.0), 200, 12)[:12].any(-1).all()


def has(key: np.ndarray, colour) -> bool:
    return bool((key == np.asarray(colour)).all(-1).any())


def test_a_key_names_what_occurs():
    task = SemSeg('semseg', ('bed', 'chair', 'wall'))
    legend = task.legend(np.array([[0, 2, 255]]))
    key = draw_key(task.display, None, legend, False, 200, 12)
    assert [has(key, colour) for colour in task.palette] == [True, False, True]
    stripes = hatched((2, 8))[0]
    assert not has(key, stripes[0])
    key = draw_key(task.display, None, legend, True, 200, 12)
    assert all(has(key, colour) for colour in stripes) and has(key, BACKGROUND)


@pytest.mark.parametrize('width', [80, 200, 1000])
def test_a_key_is_as_wide_as_its_map(width):
    for task, value_range in ((DEPTH, (1.0, 2.0)), (Normal('normal'), None), (Edge('edge'), (0.0, 1.0))):
        assert draw_key(task.display, value_range, [], True, width, 12).shape[1:] == (width, 3)


def test_the_ball_of_normals_faces_the_camera():
    """Its pixels are drawn in the colours of the normals of a ball; right, up and the middle are distinct."""
    task = Normal('normal')
    ball = task.display.key(101)
    for (row, column), normal in (((50, 50), (0, 0, -1)), ((50, 99), (1, 0, 0)), ((1, 50), (0, -1, 0))):
        expected = task.visualize(np.array([[normal]], np.float32))[0, 0].astype(int)
        assert np.abs(ball[row, column].astype(int) - expected).max() < 32
    assert (ball[0, 0] == 255).all()


@pytest.mark.parametrize('width', [80, 200, 1000])
def test_long_legends_break_into_lines(width):
    items = [(f'class {index}', 60 + index) for index in range(30)]
    lines = list(break_lines(items, width))
    assert [caption for line in lines for caption in line] == [caption for caption, _ in items]
    assert all(len(line) == 1 or sum(dict(items)[caption] for caption in line) <= width for line in lines)
