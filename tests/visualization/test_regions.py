"""Region maps as pictures: a colour for each number, borders, dark where there is none."""

import numpy as np

from mmmtl.visualization import draw_regions


def test_colours_borders_and_nothing():
    image = np.full((6, 9, 3), 100, np.uint8)
    regions = np.full((6, 9), -1)
    regions[:, :3], regions[:, 3:6] = 7, 65535
    drawn = draw_regions(image, regions)
    assert drawn.shape == image.shape and drawn.dtype == np.uint8
    assert (drawn[:, 3] == 255).all() and (drawn[:, 6] == 255).all()  # where another region begins
    assert (drawn[:, 7:] == 40).all()
    first, second = drawn[0, 0], drawn[0, 4]
    assert (drawn[:, :3] == first).all() and (drawn[:, 4:6] == second).all() and (first != second).any()


def test_a_number_has_its_colour_in_every_image():
    image = np.zeros((2, 2, 3), np.uint8)
    one, other = draw_regions(image, np.array([[4, 4], [4, 4]])), draw_regions(image, np.array([[4, 9], [4, 9]]))
    assert (one[:, 0] == other[:, 0]).all()
