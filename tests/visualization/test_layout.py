"""The arrangement of maps: wide enough, not too wide, and no place empty that need not be."""

import pytest

from mmmtl.visualization.layout import GAP, MAX_SIDE, MAX_WIDTH, MIN_SIDE, choose_layout

SHAPES = [
    (480, 640),
    (640, 480),
    (3000, 4000),
    (48, 64),
    (375, 1242),
    (1, 1),
    (300, 5),
    (5, 300),
    (192, 192),
    (7, 4000),
]


@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize('rows', [1, 2])
def test_sheets_are_narrow_enough_and_maps_wide_enough(shape, rows):
    for count in range(1, 30):
        columns, (height, width) = choose_layout(count, shape, rows, caption_width=140)
        assert 1 <= columns <= count
        assert GAP + columns * (max(width, 140) + GAP) <= MAX_WIDTH
        assert min(height, width) >= MIN_SIDE or max(height, width) > MAX_SIDE - max(shape)
        assert abs(height - width * shape[0] / shape[1]) <= 1


@pytest.mark.parametrize(
    'count, rows, columns', [(4, 1, 2), (6, 1, 3), (9, 1, 3), (5, 1, 5), (7, 1, 7), (4, 2, 4), (5, 2, 5)]
)
def test_no_place_stays_empty(count, rows, columns):
    assert choose_layout(count, (480, 640), rows)[0] == columns


def test_small_images_are_enlarged_by_an_integer():
    assert choose_layout(2, (48, 64))[1] == (192, 256)
    assert choose_layout(2, (100, 150))[1] == (200, 300)


def test_captions_limit_the_number_of_columns():
    assert choose_layout(6, (192, 192))[0] == 6
    assert choose_layout(6, (192, 192), caption_width=1000)[0] == 2
