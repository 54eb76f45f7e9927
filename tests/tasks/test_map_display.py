"""Display of maps: what has a value, and the range of the colours."""

import numpy as np
import pytest

from mmmtl.tasks import Depth, Disparity, Edge, HumanParts, Normal, SemSeg


def test_pixels_with_a_value():
    assert Depth('depth').display.known(np.array([[0, 1, -1, np.nan]])).tolist() == [[False, True, False, False]]
    assert SemSeg('semseg', ('a', 'b')).display.known(np.array([[0, 1, 255]])).tolist() == [[True, True, False]]
    assert HumanParts('parts').display.known(np.array([[0, 0]])).all(), 'an image of background has values'
    normals = np.array([[[0, 0, 0], [0, 0, -1], [0.6, 0.8, 0]]])
    assert Normal('normal').display.known(normals).tolist() == [[False, True, True]]
    edges = np.array([[[255.0, 1], [255, 255]]])
    assert Edge('edge', annotators=2).display.known(edges).tolist() == [[True, False]]


@pytest.mark.parametrize('task', [Depth('depth'), Disparity('disparity')])
def test_the_range_is_that_of_the_known_pixels(task):
    values = np.r_[np.zeros(50), np.linspace(2, 4, 101)][None]
    assert task.display.value_range(values) == pytest.approx((2.04, 3.96))
    np.testing.assert_array_equal(task.visualize(values), task.display.draw(values, task.display.value_range(values)))
    np.testing.assert_array_equal(task.display.draw(values * 2, (4, 8)), task.display.draw(values, (2, 4)))


def test_a_display_range_is_kept():
    assert Depth('depth', display_range=(1, 9)).display.value_range(np.full((1, 1), 3.0)) == (1, 9)
