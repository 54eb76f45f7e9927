"""Sheets: the right picture at the right place, void black, a legend of what is there and nothing else."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmmtl.tasks import Depth, Normal, SemSeg
from mmmtl.visualization import as_map, draw_sheet, write_sheets
from mmmtl.visualization import sheet as sheets
from mmmtl.visualization.sheet import GAP, LINE, legend_lines, legend_width, text_width

HEIGHT, WIDTH = 30, 120  # wide enough for the captions
SEMSEG = SemSeg('semseg', classes=('bed', 'chair', 'wall', 'window'))
TASKS = {'semseg': SEMSEG, 'depth': Depth('depth', display_range=(1, 5)), 'normal': Normal('normal')}
IMAGE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def maps() -> dict[str, torch.Tensor]:
    """Left: bed and chair at 2 m, facing the camera; right of column 45: void."""
    semseg = torch.full((1, HEIGHT, WIDTH), 255)
    semseg[:, :10, :45], semseg[:, 10:, :45] = 0, 1
    depth, normal = torch.zeros(1, HEIGHT, WIDTH), torch.zeros(3, HEIGHT, WIDTH)
    depth[..., :45], normal[2, :, :45] = 2, -1
    return {'semseg': semseg, 'depth': depth, 'normal': normal}


def cell(sheet: np.ndarray, row: int, column: int) -> np.ndarray:
    """The picture in a cell, without its caption."""
    top, left = GAP + row * (HEIGHT + LINE + GAP) + LINE, GAP + column * (WIDTH + GAP)
    return sheet[top : top + HEIGHT, left : left + WIDTH]


def has_colour(pixels: np.ndarray, colour) -> bool:
    return bool((pixels == np.asarray(colour)).all(-1).any())


def test_two_rows_image_above_overlay_truth_above_prediction():
    truth, prediction = maps(), {name: values.flip(1) for name, values in maps().items()}
    sheet = draw_sheet(IMAGE, TASKS, {'truth': truth, 'prediction': prediction})
    legend_line = LINE
    assert sheet.shape == (GAP + 2 * (HEIGHT + LINE + GAP) + legend_line, GAP + 4 * (WIDTH + GAP), 3)
    assert sheet.dtype == np.uint8
    np.testing.assert_array_equal(cell(sheet, 0, 0), IMAGE)
    for row, values in enumerate((truth, prediction)):
        for column, (name, task) in enumerate(TASKS.items()):
            np.testing.assert_array_equal(cell(sheet, row, 1 + column), task.visualize(as_map(values[name])))
    drawn = SEMSEG.visualize(as_map(prediction['semseg'])).astype(float)
    np.testing.assert_allclose(cell(sheet, 1, 0), (IMAGE + drawn) / 2, atol=1)


def test_a_single_row_shows_image_and_overlay():
    sheet = draw_sheet(IMAGE, TASKS, {'prediction': maps()})
    assert sheet.shape[1] == GAP + 5 * (WIDTH + GAP)
    np.testing.assert_array_equal(cell(sheet, 0, 0), IMAGE)
    drawn = SEMSEG.visualize(as_map(maps()['semseg'])).astype(float)
    np.testing.assert_allclose(cell(sheet, 0, 1), (IMAGE + drawn) / 2, atol=1)
    np.testing.assert_array_equal(cell(sheet, 0, 4), TASKS['normal'].visualize(as_map(maps()['normal'])))


@pytest.mark.parametrize('factor', [2, 3, 5])
def test_large_images_are_shrunk(factor, monkeypatch):
    """Whatever is repeated ``factor`` times and shrunk to what it was gives the same sheet, further pictures too."""
    monkeypatch.setattr(sheets, 'MAX_PIXELS', HEIGHT * WIDTH)
    large = {name: values.repeat_interleave(factor, 1).repeat_interleave(factor, 2) for name, values in maps().items()}
    image = IMAGE.repeat(factor, 0).repeat(factor, 1)
    np.testing.assert_array_equal(
        draw_sheet(image, TASKS, {'truth': large, 'prediction': large}, {'more': image}),
        draw_sheet(IMAGE, TASKS, {'truth': maps(), 'prediction': maps()}, {'more': IMAGE}),
    )


def test_void_is_black_and_what_is_known_is_not():
    sheet = draw_sheet(IMAGE, TASKS, {'truth': maps(), 'prediction': maps()})
    for column in (1, 2, 3):
        picture = cell(sheet, 0, column)
        assert not picture[:, 45:].any() and picture[:, :45].any(-1).all()


def test_the_legend_names_the_classes_that_are_there():
    sheet = draw_sheet(IMAGE, TASKS, {'truth': maps(), 'prediction': maps()})
    legend = sheet[GAP + 2 * (HEIGHT + LINE + GAP) :]
    assert [has_colour(legend, colour) for colour in SEMSEG.palette] == [True, True, False, False]
    more = {'semseg': torch.full((1, HEIGHT, WIDTH), 3)}
    sheet = draw_sheet(IMAGE, TASKS, {'truth': maps(), 'prediction': more})
    legend = sheet[GAP + 2 * (HEIGHT + LINE + GAP) :]
    assert [has_colour(legend, colour) for colour in SEMSEG.palette] == [True, True, False, True]


def test_no_legend_where_colours_speak_for_themselves():
    tasks = {'depth': TASKS['depth']}
    sheet = draw_sheet(IMAGE, tasks, {'truth': maps(), 'prediction': maps()})
    assert sheet.shape == (GAP + 2 * (HEIGHT + LINE + GAP), GAP + 2 * (WIDTH + GAP), 3)
    assert (cell(sheet, 1, 0) == 255).all()  # no overlay


def test_a_single_row_without_a_legend_has_no_overlay():
    depth = {'depth': maps()['depth']}
    sheet = draw_sheet(IMAGE, {'depth': TASKS['depth']}, {'truth': depth})
    assert sheet.shape[1] == 2 * (WIDTH + GAP) + GAP
    np.testing.assert_array_equal(cell(sheet, 0, 1), TASKS['depth'].visualize(as_map(depth['depth'])))


def test_a_map_that_is_missing_leaves_its_cell_white():
    sheet = draw_sheet(IMAGE, TASKS, {'truth': {'depth': maps()['depth']}, 'prediction': maps()})
    assert (cell(sheet, 0, 1) == 255).all() and (cell(sheet, 0, 3) == 255).all()
    np.testing.assert_array_equal(cell(sheet, 0, 2), cell(sheet, 1, 2))


@pytest.mark.parametrize('width, times', [(30, 3), (90, 1), (WIDTH, 1)])
def test_small_images_are_enlarged_until_their_captions_fit(width, times):
    image = IMAGE[:, :width]
    shown = {'semseg': maps()['semseg'][..., :width]}
    sheet = draw_sheet(image, {'semseg': SEMSEG}, {'truth': shown, 'prediction': shown})
    picture = sheet[GAP + LINE :][: HEIGHT * times, GAP:][:, : width * times]
    np.testing.assert_array_equal(picture, image.repeat(times, 0).repeat(times, 1))
    assert sheet.shape[1] == GAP + 2 * (width * times + GAP) and width * times >= text_width('semseg, prediction')


def test_captions_are_written():
    sheet = draw_sheet(IMAGE, TASKS, {'truth': maps(), 'prediction': maps()})
    for row in range(2):
        for column in range(4):
            top, left = GAP + row * (HEIGHT + LINE + GAP), GAP + column * (WIDTH + GAP)
            assert (sheet[top : top + LINE, left : left + WIDTH] < 128).any()


@pytest.mark.parametrize('width', [80, 200, 1000])
def test_a_long_legend_breaks_into_lines_that_fit(width):
    legend = {f'class number {number}': (number, 0, 0) for number in range(30)}
    lines = legend_lines(legend, width)
    assert [entry for line in lines for entry in line] == list(legend.items())
    for line in lines:
        assert len(line) == 1 or GAP + sum(legend_width(name) for name, _ in line) <= width


def test_maps_are_channels_last_or_flat():
    assert as_map(torch.zeros(1, 2, 3)).shape == (2, 3)
    assert as_map(torch.zeros(3, 2, 5)).shape == (2, 5, 3)
    assert as_map(torch.ones(2, 3, 4, requires_grad=True)).sum() == 24


def test_sheets_of_several_widths_are_stacked_into_one_png(tmp_path):
    path = tmp_path / 'new' / 'folder' / 'sheets.png'
    write_sheets(path, [np.full((5, 8, 3), 10, np.uint8), np.full((7, 12, 3), 20, np.uint8)])
    picture = np.asarray(Image.open(path))
    assert picture.shape == (12, 12, 3)
    assert (picture[:5, :8] == 10).all() and (picture[5:] == 20).all() and (picture[:5, 8:] == 255).all()
