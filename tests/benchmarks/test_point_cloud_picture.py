"""The picture of a point cloud: near points hide far ones, and any number of views fits beside it."""

import runpy
from pathlib import Path

import numpy as np
import pytest

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / 'benchmarks' / 'point_cloud_picture.py'))


def test_no_pixel_of_a_far_point_is_drawn_over_a_near_one():
    """A red plane in front of a blue one that is shifted by one pixel; some points lie outside."""
    row, column = (grid.ravel() for grid in np.mgrid[-1:11, -1:11])
    rows, columns = np.concatenate([row, row + 1]), np.concatenate([column, column + 1])
    depth = np.repeat([1.0, 2.0], row.size)
    colours = np.repeat(np.array([[255, 0, 0], [0, 0, 255]], np.uint8), row.size, axis=0)
    picture = np.zeros((10, 10, 3), np.uint8)
    SCRIPT['draw_squares'](picture, rows, columns, depth, colours)
    assert (picture == (255, 0, 0)).all()


@pytest.mark.parametrize('views', [1, 3, 7, 9, 11])
def test_a_column_of_views_is_as_high_as_the_picture(views):
    column = SCRIPT['view_column']([np.zeros((*SCRIPT['SIZE'], 3), np.uint8)] * views)
    assert len(column) == SCRIPT['PICTURE'][0]
