"""A sheet: an image beside one picture per task, truth above prediction, with a legend."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from mmmtl.structures import MultiTaskDataSample

GAP, LINE = 4, 14  # pixels between pictures; height of a line of text
LARGEST = 2**21  # pixels of an image on a sheet
BACKGROUND, INK = (255, 255, 255), (30, 30, 30)


class Drawer(Protocol):
    """What draws a map: a task, or what a network says of the maps that it adds."""

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """A map (H, W) or (H, W, C) -> picture (H, W, 3), uint8 RGB."""

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        """(caption, colour) for what is in the map."""


def draw_sheet(
    image: np.ndarray,
    tasks: Mapping[str, Drawer],
    rows: Mapping[str, Mapping[str, Tensor]],
    further: Mapping[str, np.ndarray] | None = None,
) -> np.ndarray:
    """One view as a sheet.

    Args:
        image: (H, W, 3) uint8 RGB.
        tasks: The columns, in this order.
        rows: ``{'truth': {task: (C, H, W)}, 'prediction': {...}}``; a task that a row lacks is left blank.
        further: ``{caption: (H, W, 3) uint8 RGB}``, at the end of the first row.

    Returns:
        uint8 RGB picture: per row the image or, in further rows, its overlay, and one map per task. A single row has
        both. The overlay shows the first task that has a legend; without one there is none. Small images are enlarged
        until their captions have room; images of more than two megapixels are shrunk to that.
    """
    maps = {row: {name: as_map(values[name]) for name in tasks if name in values} for row, values in rows.items()}
    if image.shape[0] * image.shape[1] > LARGEST:
        image, maps, further = shrunk(image, maps, further or {})
    legend = legend_of(tasks, maps)
    grid = [
        picture_row(image, tasks, row, values, first=number == 0, only=len(maps) == 1)
        for number, (row, values) in enumerate(maps.items())
    ]
    grid[0] += list((further or {}).items())
    longest = max(text_width(caption) for cells in grid for caption, _ in cells)
    times = -(-longest // image.shape[1])
    height, width = image.shape[0] * times, image.shape[1] * times
    across = (width + GAP) * len(grid[0])
    lines = legend_lines(legend, across)
    sheet = Image.new('RGB', (across + GAP, len(grid) * (height + LINE + GAP) + GAP + LINE * len(lines)), BACKGROUND)
    for index, cells in enumerate(grid):
        top = GAP + index * (height + LINE + GAP)
        for column, (caption, picture) in enumerate(cells):
            left = GAP + column * (width + GAP)
            write(sheet, (left, top), caption)
            if picture is not None:
                sheet.paste(Image.fromarray(picture.repeat(times, 0).repeat(times, 1)), (left, top + LINE))
    for number, line in enumerate(lines):
        left, top = GAP, sheet.height - LINE * (len(lines) - number)
        for name, colour in line:
            ImageDraw.Draw(sheet).rectangle((left, top + 2, left + 9, top + 11), fill=colour)
            write(sheet, (left + 13, top), name)
            left += legend_width(name)
    return np.asarray(sheet)


def picture_row(
    image: np.ndarray, tasks: Mapping[str, Drawer], row: str, maps: Mapping[str, np.ndarray], *, first: bool, only: bool
) -> list[tuple[str, np.ndarray | None]]:
    """Captions and pictures from left to right."""
    cells = [('image', image)] if first else []
    covered = overlay(image, tasks, maps)
    if covered is not None and (only or not first):
        cells.append(('overlay', covered))
    elif not first:
        cells.append(('', None))  # below the image, so that the columns stay what they are
    return cells + [
        (f'{name}, {row}', tasks[name].visualize(maps[name])) if name in maps else (f'{name}, {row}: none', None)
        for name in tasks
    ]


def overlay(image: np.ndarray, tasks: Mapping[str, Drawer], maps: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """The image half covered by the first task, if there is one, whose colours have a legend."""
    for name, values in maps.items():
        if tasks[name].legend(values):
            return (0.5 * image + 0.5 * tasks[name].visualize(values)).astype(np.uint8)
    return None


def write_sheets(path: Path, sheets: Sequence[np.ndarray]) -> None:
    """Stack sheets into one PNG, filled up with white at the right."""
    width = max(sheet.shape[1] for sheet in sheets)
    padded = [np.pad(sheet, ((0, 0), (0, width - sheet.shape[1]), (0, 0)), constant_values=255) for sheet in sheets]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(padded)).save(path)


def shrunk(
    image: np.ndarray, rows: Mapping[str, Mapping[str, np.ndarray]], further: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """The same with `LARGEST` pixels per image: colours are averaged, of maps every so many values are kept."""
    scale = (LARGEST / (image.shape[0] * image.shape[1])) ** 0.5
    height, width = (max(1, int(length * scale)) for length in image.shape[:2])
    down = ((np.arange(height) + 0.5) * image.shape[0] / height).astype(int)
    across = ((np.arange(width) + 0.5) * image.shape[1] / width).astype(int)

    def smaller(picture: np.ndarray) -> np.ndarray:
        return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)

    return (
        smaller(image),
        {row: {name: values[down][:, across] for name, values in maps.items()} for row, maps in rows.items()},
        {name: smaller(one) for name, one in further.items()},
    )


def as_picture(image: Tensor, sample: MultiTaskDataSample) -> np.ndarray:
    """What the network gets (3, h, w) -> picture (H, W, 3) as large as the labels and predictions of its sample."""
    picture = np.ascontiguousarray(image.cpu().numpy().transpose(1, 2, 0))
    return cv2.resize(picture, sample.ori_shape[::-1]) if 'ori_shape' in sample else picture


def as_map(values: Tensor) -> np.ndarray:
    """(C, H, W) -> (H, W) or (H, W, C)."""
    array = values.detach().cpu().numpy()
    return array[0] if array.shape[0] == 1 else array.transpose(1, 2, 0)


def legend_of(
    tasks: Mapping[str, Drawer], rows: Mapping[str, Mapping[str, np.ndarray]]
) -> dict[str, tuple[int, int, int]]:
    """Captions and colours of all that is drawn."""
    return dict(
        sorted(
            {entry for maps in rows.values() for name, values in maps.items() for entry in tasks[name].legend(values)}
        )
    )


def legend_lines(
    legend: Mapping[str, tuple[int, int, int]], width: int
) -> list[list[tuple[str, tuple[int, int, int]]]]:
    """Break a legend into lines of at most ``width`` pixels."""
    lines: list[list] = []
    used = width
    for entry in legend.items():
        if used + legend_width(entry[0]) > width:
            lines.append([])
            used = GAP
        lines[-1].append(entry)
        used += legend_width(entry[0])
    return lines


def legend_width(name: str) -> int:
    """Pixels that an entry of the legend takes."""
    return 22 + text_width(name)


def text_width(text: str) -> int:
    """Pixels that small text takes."""
    return int(ImageFont.load_default(10).getlength(text))


def write(sheet: Image.Image, place: tuple[int, int], text: str) -> None:
    """Small text at (left, top)."""
    ImageDraw.Draw(sheet).text(place, text, fill=INK, font=ImageFont.load_default(10))
