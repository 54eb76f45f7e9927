"""Sheets: the right image in the right place, one range of colours per task, keys, no empty cells."""

import numpy as np
import pytest
import torch
from PIL import Image

from mmmtl.tasks import Depth, Normal, SemSeg
from mmmtl.visualization import as_map, draw_sheet, write_sheets
from mmmtl.visualization.keys import hatched
from mmmtl.visualization.layout import GAP, MAX_WIDTH
from mmmtl.visualization.sheet import MIN_FONT
from mmmtl.visualization.text import line_height, text_width

HEIGHT, WIDTH = 192, 240  # the smallest map of this aspect ratio, which is drawn as it is
LINE = line_height(MIN_FONT)
SEMSEG = SemSeg('semseg', classes=('bed', 'chair', 'wall', 'window'))
TASKS = {'semseg': SEMSEG, 'depth': Depth('depth', display_range=(1, 5)), 'normal': Normal('normal')}
IMAGE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def maps(void: bool = False) -> dict[str, torch.Tensor]:
    """Above: bed; below: chair; 2 m from the camera, and facing it. With ``void``, only left of column 90."""
    semseg = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.long)
    semseg[:, 60:] = 1
    depth, normal = torch.full((1, HEIGHT, WIDTH), 2.0), torch.zeros(3, HEIGHT, WIDTH)
    normal[2] = -1
    if void:
        semseg[..., 90:], depth[..., 90:], normal[..., 90:] = 255, 0, 0
    return {'semseg': semseg, 'depth': depth, 'normal': normal}


def cell(sheet: np.ndarray, row: int, column: int) -> np.ndarray:
    """The image in a cell of the first line, without its caption."""
    top, left = GAP + row * (HEIGHT + LINE + GAP) + LINE, GAP + column * (WIDTH + GAP)
    return sheet[top : top + HEIGHT, left : left + WIDTH]


def has_colour(pixels: np.ndarray, colour) -> bool:
    return bool((pixels == np.asarray(colour)).all(-1).any())


def drawn(name: str, values: torch.Tensor) -> np.ndarray:
    return TASKS[name].visualize(as_map(values))


def test_two_rows_image_above_overlay_truth_above_prediction():
    truth, prediction = maps(), {name: values.flip(1) for name, values in maps().items()}
    sheet = draw_sheet(IMAGE, TASKS, {'truth': truth, 'prediction': prediction})
    assert sheet.shape[1] == GAP + 4 * (WIDTH + GAP) and sheet.dtype == np.uint8
    np.testing.assert_array_equal(cell(sheet, 0, 0), IMAGE)
    for row, values in enumerate((truth, prediction)):
        for column, name in enumerate(TASKS):
            np.testing.assert_array_equal(cell(sheet, row, 1 + column), drawn(name, values[name]))
    np.testing.assert_allclose(
        cell(sheet, 1, 0), (IMAGE + drawn('semseg', prediction['semseg']).astype(float)) / 2, atol=1
    )


def test_a_single_row_shows_image_and_overlay():
    sheet = draw_sheet(IMAGE, TASKS, {'prediction': maps()})
    assert sheet.shape[1] == GAP + 5 * (WIDTH + GAP)
    np.testing.assert_array_equal(cell(sheet, 0, 0), IMAGE)
    np.testing.assert_allclose(cell(sheet, 0, 1), (IMAGE + drawn('semseg', maps()['semseg']).astype(float)) / 2, atol=1)
    np.testing.assert_array_equal(cell(sheet, 0, 4), drawn('normal', maps()['normal']))


@pytest.mark.parametrize('shape', [(1600, 2000), (1000, 1250), (19, 24), (480, 640), (1242, 375), (3, 1000)])
def test_sheets_have_a_maximum_width_and_maps_a_minimum_size(shape):
    image = np.zeros((*shape, 3), np.uint8)
    for count in (1, 3, 8):
        tasks = {f'depth{index}': TASKS['depth'] for index in range(count)}
        values = {name: torch.ones(1, *shape) for name in tasks}
        sheet = draw_sheet(image, tasks, {'truth': values, 'prediction': values})
        assert sheet.shape[1] <= MAX_WIDTH and sheet.shape[0] > 192


@pytest.mark.parametrize('factor', [2, 3])
def test_repeated_pixels_give_the_same_sheet(factor):
    """Maps are at most 640 pixels wide; larger ones are shrunk."""
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    depth = torch.rand(1, 480, 640, generator=torch.Generator().manual_seed(0)) * 6 - 1  # some of it void
    tasks = {'depth': TASKS['depth']}
    large = depth.repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    np.testing.assert_array_equal(
        draw_sheet(image.repeat(factor, 0).repeat(factor, 1), tasks, {'truth': {'depth': large}}),
        draw_sheet(image, tasks, {'truth': {'depth': depth}}),
    )


def test_void_is_hatched_and_named():
    sheet, full = (draw_sheet(IMAGE, TASKS, {'truth': maps(void), 'prediction': maps()}) for void in (True, False))
    stripes = hatched((HEIGHT, WIDTH))
    for column, name in enumerate(TASKS, 1):
        np.testing.assert_array_equal(cell(sheet, 0, column)[:, 90:], stripes[:, 90:])
        np.testing.assert_array_equal(cell(sheet, 0, column)[:, :90], drawn(name, maps()[name])[:, :90])
    below = slice(GAP + 2 * (HEIGHT + LINE + GAP), None)
    assert has_colour(sheet[below], stripes[0, 0]) and not has_colour(full[below], stripes[0, 0])


def test_the_key_names_the_classes_that_are_there():
    below = slice(GAP + 2 * (HEIGHT + LINE + GAP), None)
    sheet = draw_sheet(IMAGE, TASKS, {'truth': maps(), 'prediction': maps()})
    assert [has_colour(sheet[below], colour) for colour in SEMSEG.palette] == [True, True, False, False]
    more = {'semseg': torch.full((1, HEIGHT, WIDTH), 3)}
    sheet = draw_sheet(IMAGE, TASKS, {'truth': maps(), 'prediction': maps() | more})
    assert [has_colour(sheet[below], colour) for colour in SEMSEG.palette] == [True, True, False, True]


def ramp(low: float, high: float) -> torch.Tensor:
    return torch.linspace(low, high, WIDTH).expand(1, HEIGHT, WIDTH)


def test_truth_and_prediction_have_one_range_that_of_the_truth():
    """Equal depths have equal colours in both maps, whatever the range of the prediction."""
    tasks = {'depth': Depth('depth')}
    truth = {'depth': ramp(2, 4)}
    same = draw_sheet(IMAGE, tasks, {'truth': truth, 'prediction': truth})
    other = draw_sheet(IMAGE, tasks, {'truth': truth, 'prediction': {'depth': ramp(2, 4) + 1}})
    np.testing.assert_array_equal(cell(same, 0, 1), cell(same, 1, 1))
    np.testing.assert_array_equal(cell(other, 0, 1), cell(same, 0, 1))
    shifted = cell(other, 1, 1)  # 3 to 5 m
    np.testing.assert_allclose(shifted[:, : WIDTH // 2 - 4], cell(same, 0, 1)[:, WIDTH // 2 : -4], atol=8)
    assert (shifted[:, WIDTH // 2 + 2 :] == shifted[:, -1:]).all(), 'the last colour beyond 4 m'


def test_without_truth_the_range_is_that_of_the_prediction():
    tasks = {'depth': Depth('depth')}
    void = {'depth': torch.zeros(1, HEIGHT, WIDTH)}
    shown = draw_sheet(IMAGE, tasks, {'truth': void, 'prediction': {'depth': ramp(2, 4)}})
    np.testing.assert_array_equal(cell(shown, 1, 1), tasks['depth'].visualize(as_map(ramp(2, 4))))


def empty_cells(sheet: np.ndarray, columns: int, rows: int) -> list[tuple[int, int]]:
    return [
        (row, column) for row in range(rows) for column in range(columns) if (cell(sheet, row, column) == 255).all()
    ]


def test_maps_without_a_counterpart_leave_no_cell_empty():
    """Two tasks without truth share a column."""
    sheet = draw_sheet(IMAGE, TASKS, {'truth': {'depth': maps()['depth']}, 'prediction': maps()})
    assert sheet.shape[1] == GAP + 3 * (WIDTH + GAP) and not empty_cells(sheet, 3, 2)
    np.testing.assert_array_equal(cell(sheet, 0, 1), drawn('semseg', maps()['semseg']))
    np.testing.assert_array_equal(cell(sheet, 0, 2), drawn('depth', maps()['depth']))
    sheet = draw_sheet(IMAGE, TASKS, {'truth': {}, 'prediction': maps()})
    np.testing.assert_array_equal(sheet, draw_sheet(IMAGE, TASKS, {'prediction': maps()}))


def test_further_images_share_a_column():
    rows = {'truth': maps(), 'prediction': maps()}
    sheet = draw_sheet(IMAGE, TASKS, rows, {'one': IMAGE, 'two': IMAGE[::-1]})
    assert sheet.shape[1] == GAP + 5 * (WIDTH + GAP)
    np.testing.assert_array_equal(cell(sheet, 0, 4), IMAGE)
    np.testing.assert_array_equal(cell(sheet, 1, 4), IMAGE[::-1])


def test_an_image_alone():
    np.testing.assert_array_equal(cell(draw_sheet(IMAGE, {}, {}), 0, 0), IMAGE)


def test_captions_are_written_and_grow_with_the_maps():
    sheet = draw_sheet(IMAGE, TASKS, {'truth': maps(), 'prediction': maps()})
    for row in range(2):
        for column in range(4):
            top, left = GAP + row * (HEIGHT + LINE + GAP), GAP + column * (WIDTH + GAP)
            assert (sheet[top : top + LINE, left : left + WIDTH] < 128).any()
    dark = {}
    for factor in (1, 4):
        image = np.full((HEIGHT * factor, WIDTH * factor, 3), 255, np.uint8)
        dark[factor] = (draw_sheet(image, {}, {}) < 128).sum()
    assert dark[4] > 1.5 * dark[1]


def test_long_captions_fit():
    tasks = {'depth of a task with a name that is much longer than a map is wide': TASKS['depth']}
    sheet = draw_sheet(IMAGE, tasks, {'truth': {name: maps()['depth'] for name in tasks}})
    (caption,) = tasks
    assert sheet.shape[1] == GAP + 2 * (text_width(caption, MIN_FONT) + GAP) > GAP + 2 * (WIDTH + GAP)


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


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.JPG'])
def test_a_sheet_is_written_as_a_whole_or_not_at_all(tmp_path, monkeypatch, suffix):
    path, sheet = tmp_path / f'sheet{suffix}', np.full((5, 8, 3), 10, np.uint8)
    write_sheets(path, [sheet])
    before = path.read_bytes()
    assert Image.open(path).format == ('PNG' if suffix == '.png' else 'JPEG')

    def stop(image, file, *options, **more):
        file.write_bytes(b'half')
        raise KeyboardInterrupt

    monkeypatch.setattr(Image.Image, 'save', stop)
    with pytest.raises(KeyboardInterrupt):
        write_sheets(path, [sheet + 1])
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
