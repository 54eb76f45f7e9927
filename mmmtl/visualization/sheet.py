"""Sheets: an image and the visualizations of its labels and predictions, with captions and a legend."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from mmmtl.structures import MultiTaskDataSample

GAP, LINE = 4, 14  # pixels between images; height of a line of text
MAX_PIXELS = 2**21  # of an image on a sheet
BACKGROUND, INK = (255, 255, 255), (30, 30, 30)


class MapVisualizer(Protocol):
    """The visualization of a map: that of a task, or of an auxiliary map of a network; see `mmmtl.tasks.Task`."""

    def visualize(self, values: np.ndarray) -> np.ndarray:
        """Render a map (H, W) or (H, W, C) as uint8 RGB (H, W, 3)."""

    def legend(self, values: np.ndarray) -> list[tuple[str, tuple[int, int, int]]]:
        """Return (caption, colour) for what occurs in the map."""


def draw_sheet(
    image: np.ndarray,
    tasks: Mapping[str, MapVisualizer],
    rows: Mapping[str, Mapping[str, Tensor]],
    extra_images: Mapping[str, np.ndarray] | None = None,
) -> np.ndarray:
    """Draw the sheet of one image.

    The first row begins with the image; the next rows begin with its overlay by the first map that has a legend, if
    there is one. A single row has both. Then follows one visualization per task. Small images are enlarged to fit their
    captions; images of more than 2 megapixels are shrunk.

    Args:
        image: (H, W, 3) uint8 RGB.
        tasks: Columns in this order.
        rows: ``{'truth': {task: (C, H, W)}, 'prediction': {...}}``; missing tasks are left blank.
        extra_images: ``{caption: (H, W, 3) uint8 RGB}``, at the end of the first row.

    Returns:
        The sheet, uint8 RGB (height, width, 3).
    """
    maps = {row: {name: as_map(values[name]) for name in tasks if name in values} for row, values in rows.items()}
    if image.shape[0] * image.shape[1] > MAX_PIXELS:
        image, maps, extra_images = _shrink_to_sheet(image, maps, extra_images or {})
    legend = legend_of(tasks, maps)
    grid = [
        grid_row(image, tasks, row, values, first=index == 0, is_single=len(maps) == 1)
        for index, (row, values) in enumerate(maps.items())
    ]
    grid[0] += [*(extra_images or {}).items()]
    longest = max(text_width(caption) for cells in grid for caption, _ in cells)
    factor = -(-longest // image.shape[1])
    height, width = image.shape[0] * factor, image.shape[1] * factor
    across = (width + GAP) * len(grid[0])
    lines = legend_lines(legend, across)
    sheet = Image.new('RGB', (across + GAP, len(grid) * (height + LINE + GAP) + GAP + LINE * len(lines)), BACKGROUND)
    for index, cells in enumerate(grid):
        top = GAP + index * (height + LINE + GAP)
        for column, (caption, cell) in enumerate(cells):
            left = GAP + column * (width + GAP)
            write(sheet, (left, top), caption)
            if cell is not None:
                sheet.paste(Image.fromarray(cell.repeat(factor, 0).repeat(factor, 1)), (left, top + LINE))
    for index, line in enumerate(lines):
        left, top = GAP, sheet.height - LINE * (len(lines) - index)
        for name, colour in line:
            ImageDraw.Draw(sheet).rectangle((left, top + 2, left + 9, top + 11), fill=colour)
            write(sheet, (left + 13, top), name)
            left += legend_width(name)
    return np.asarray(sheet)


def grid_row(
    image: np.ndarray,
    tasks: Mapping[str, MapVisualizer],
    row: str,
    maps: Mapping[str, np.ndarray],
    *,
    first: bool,
    is_single: bool,
) -> list[tuple[str, np.ndarray | None]]:
    """Return captions and images of a row, from left to right."""
    cells: list[tuple[str, np.ndarray | None]] = [('image', image)] if first else []
    covered = overlay(image, tasks, maps)
    if covered is not None and (is_single or not first):
        cells.append(('overlay', covered))
    elif not first:
        cells.append(('', None))  # an empty cell below the image
    return cells + [
        (f'{name}, {row}', tasks[name].visualize(maps[name])) if name in maps else (f'{name}, {row}: none', None)
        for name in tasks
    ]


def overlay(image: np.ndarray, tasks: Mapping[str, MapVisualizer], maps: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Blend the image with the first map that has a legend; None if there is none."""
    for name, values in maps.items():
        if tasks[name].legend(values):
            return (0.5 * image + 0.5 * tasks[name].visualize(values)).astype(np.uint8)
    return None


def write_sheets(path: Path, sheets: Sequence[np.ndarray]) -> None:
    """Write sheets below each other as one PNG, padded with white at the right."""
    width = max(sheet.shape[1] for sheet in sheets)
    padded = [np.pad(sheet, ((0, 0), (0, width - sheet.shape[1]), (0, 0)), constant_values=255) for sheet in sheets]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(padded)).save(path)


def _shrink_to_sheet(
    image: np.ndarray, rows: Mapping[str, Mapping[str, np.ndarray]], extra_images: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """Shrink to `MAX_PIXELS` per image: images by area averaging, maps by the nearest pixel."""
    scale = (MAX_PIXELS / (image.shape[0] * image.shape[1])) ** 0.5
    height, width = (max(1, int(length * scale)) for length in image.shape[:2])
    down = ((np.arange(height) + 0.5) * image.shape[0] / height).astype(int)
    across = ((np.arange(width) + 0.5) * image.shape[1] / width).astype(int)

    def resize(pixels: np.ndarray) -> np.ndarray:
        return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)

    return (
        resize(image),
        {row: {name: values[down][:, across] for name, values in maps.items()} for row, maps in rows.items()},
        {name: resize(pixels) for name, pixels in extra_images.items()},
    )


def as_image(image: Tensor, sample: MultiTaskDataSample) -> np.ndarray:
    """Convert a network input (3, h, w) to an image (H, W, 3) of the size of the sample's labels and predictions."""
    pixels = np.ascontiguousarray(image.cpu().numpy().transpose(1, 2, 0))
    return cv2.resize(pixels, sample.ori_shape[::-1]) if 'ori_shape' in sample else pixels


def as_map(values: Tensor) -> np.ndarray:
    """Convert (C, H, W) to (H, W) or (H, W, C)."""
    array = values.detach().cpu().numpy()
    return array[0] if array.shape[0] == 1 else array.transpose(1, 2, 0)


def legend_of(
    tasks: Mapping[str, MapVisualizer], rows: Mapping[str, Mapping[str, np.ndarray]]
) -> dict[str, tuple[int, int, int]]:
    """Return captions and colours of all maps."""
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
    """Return the width of a legend entry in pixels."""
    return 22 + text_width(name)


def text_width(text: str) -> int:
    """Return the width of text in pixels."""
    return int(ImageFont.load_default(10).getlength(text))


def write(sheet: Image.Image, position: tuple[int, int], text: str) -> None:
    """Draw text at a position (left, top)."""
    ImageDraw.Draw(sheet).text(position, text, fill=INK, font=ImageFont.load_default(10))
