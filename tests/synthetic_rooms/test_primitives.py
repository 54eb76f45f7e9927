"""Triangles of primitive solids."""

import numpy as np
import pytest

from mmmtl.synthetic_rooms.primitives import BALL, FRUSTUM, UNIT, box, round_part, triangulate


def test_parts_that_have_no_triangles():
    for parts, found in ((np.zeros((0, 10)), r'\[\]'), (np.array([[7.0] + [0] * 9]), r'\[7.0\]')):
        with pytest.raises(ValueError, match=rf'expected parts of the shapes 0 to 4, found {found}'):
            triangulate(parts)


def test_sizes_are_those_given():
    parts = [
        box(0, (1, 3), (0, 1), (2, 5)),
        round_part(FRUSTUM, 0, (0, 0), (1, 2), (0.5, 0.5)),
        round_part(BALL, 0, (1, 2), (0, 4), (1, 3)),
    ]
    triangles = triangulate(np.array(parts))
    assert len(triangles.part) == sum(len(UNIT[int(part[0])][0]) for part in parts)
    corners = [triangles.corners[triangles.part == index].reshape(-1, 3) for index in range(3)]
    assert corners[0].min(0).tolist() == [1, 0, 2] and corners[0].max(0).tolist() == [3, 1, 5]
    radius = np.linalg.norm(corners[1][:, :2], axis=1)
    np.testing.assert_allclose(radius[corners[1][:, 2] > 1.5].max(), 0.3)
    np.testing.assert_allclose(radius[corners[1][:, 2] < 1.5].max(), 0.5)
    np.testing.assert_allclose([corners[2][:, 2].min(), corners[2][:, 2].max()], [0, 4])
