"""Sheets: an image and its labels and predictions, with captions, colour bars and legends."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mmmtl.files.atomic_path import atomic_path
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks.map_display import Range
from mmmtl.visualization.cells import blend
from mmmtl.visualization.keys import BACKGROUND
from mmmtl.visualization.layout import GAP, choose_layout
from mmmtl.visualization.sheet_columns import Column, MapVisualizer
from mmmtl.visualization.text import text_width

MIN_FONT, MAX_FONT = 12, 20  # height in pixels
MIN_KEY = 140  # width of a key in pixels


def draw_sheet(
    image: np.ndarray,
    tasks: Mapping[str, MapVisualizer],
    rows: Mapping[str, Mapping[str, Tensor]],
    extra_images: Mapping[str, np.ndarray] | None = None,
) -> np.ndarray:
    """Draw the sheet of one image.

    It begins with the image and its overlay by the first map that has a legend, if there is one. Then follows a column
    per task: its maps in the order of the rows, and a key. The maps of a task have one range of colours, that of the
    first row. Columns with missing maps are put below each other. The sheet is at most 2400 pixels wide; the shorter
    side of a map has at least 192 pixels, unless its longer side would then exceed 2392. Void pixels are hatched.

    Args:
        image: (H, W, 3) uint8 RGB.
        tasks: Columns in this order.
        rows: ``{'truth': {task: (C, H, W)}, 'prediction': {...}}``; maps that are neither have the row ``''``.
        extra_images: ``{caption: (H, W, 3) uint8 RGB}``, at the end.

    Returns:
        The sheet, uint8 RGB (height, width, 3).
    """
    maps = {row: {name: as_map(values[name]) for name in tasks if name in values} for row, values in rows.items()}
    maps = {row: values for row, values in maps.items() if values}
    ranges = ranges_of(tasks, maps)
    columns = [
        map_column(name, tasks[name], maps, ranges) for name in tasks if any(name in row for row in maps.values())
    ]
    depth = max((len(column.images) for column in columns), default=1)
    columns = [*image_columns(image, tasks, [*maps.values()][-1] if maps else {}, depth), *columns]
    for caption, pixels in (extra_images or {}).items():
        columns.append(Column())
        columns[-1].add(caption, pixels)
    return arrange(stack_columns(columns, depth), image.shape[:2], depth)


def image_columns(
    image: np.ndarray, tasks: Mapping[str, MapVisualizer], maps: Mapping[str, np.ndarray], rows: int
) -> list[Column]:
    """Return the image and its overlay, if there is one: in two columns for a single row of maps, else in one."""
    columns = [Column()]
    columns[0].add('image', image)
    for name, values in maps.items():
        if tasks[name].legend(values):
            if rows == 1:
                columns.append(Column())
            known = tasks[name].display.known(values)
            columns[-1].add(f'image and {name}', blend(image, tasks[name].visualize(values), known))
            break
    return columns


def ranges_of(
    tasks: Mapping[str, MapVisualizer], maps: Mapping[str, Mapping[str, np.ndarray]]
) -> dict[str, Range | None]:
    """Return the range of the colours per scale: that of the first map, by rows, with a known pixel."""
    ranges: dict[str, Range | None] = {}
    for row in maps.values():
        for name, values in row.items():
            display = tasks[name].display
            if (display.scale or name) not in ranges and display.known(values).any():
                ranges[display.scale or name] = display.value_range(values)
    return ranges


def map_column(
    name: str,
    task: MapVisualizer,
    maps: Mapping[str, Mapping[str, np.ndarray]],
    ranges: Mapping[str, Range | None],
) -> Column:
    """Return the column of the maps of a task."""
    column = Column(display=task.display, value_range=ranges.get(task.display.scale or name))
    legend: dict[str, tuple[int, int, int]] = {}
    for row, values in maps.items():
        if name in values:
            caption = f'{name}, {row}' if row and len(maps) > 1 else name
            column.add(caption, task.display.draw(values[name], column.value_range), task.display.known(values[name]))
            legend |= task.legend(values[name])
    column.legend = [*legend.items()]
    return column


def stack_columns(columns: Sequence[Column], rows: int) -> list[list[Column]]:
    """Put columns with fewer images than there are rows below each other, so that no place stays empty."""
    stacks: list[list[Column]] = []
    for column in columns:
        for stack in stacks:
            if sum(len(other.images) for other in stack) + len(column.images) <= rows:
                stack.append(column)
                break
        else:
            stacks.append([column])
    return stacks


def arrange(stacks: Sequence[Sequence[Column]], shape: tuple[int, int], rows: int) -> np.ndarray:
    """Draw stacks of columns, of ``rows`` images of ``shape`` (H, W) each, on a sheet, in as many lines as it takes."""
    captions = [caption for stack in stacks for column in stack for caption in column.captions]
    caption_width = max(text_width(caption, MIN_FONT) for caption in captions)
    per_line, size = choose_layout(len(stacks), shape, rows, max(caption_width, MIN_KEY))
    font = min(max(size[1] // 24, MIN_FONT), MAX_FONT)
    while font > MIN_FONT and max(text_width(caption, font) for caption in captions) > max(size[1], caption_width):
        font -= 1
    width = max(size[1], caption_width, MIN_KEY)
    drawn = [np.concatenate([column.draw(size, width, font) for column in stack]) for stack in stacks]
    lines = [drawn[start : start + per_line] for start in range(0, len(drawn), per_line)]
    heights = [max(stack.shape[0] for stack in line) + GAP for line in lines]
    sheet = np.full((GAP + sum(heights), GAP + per_line * (width + GAP), 3), BACKGROUND, np.uint8)
    for line, top in zip(lines, np.cumsum([GAP, *heights[:-1]]), strict=True):
        for index, stack in enumerate(line):
            left = GAP + index * (width + GAP)
            sheet[top : top + stack.shape[0], left : left + width] = stack
    return sheet


def write_sheets(path: Path, sheets: Sequence[np.ndarray]) -> None:
    """Write sheets below each other as one image, padded with white at the right; as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as unfinished:
        image_format = Image.registered_extensions()[path.suffix.lower()]
        Image.fromarray(stack_sheets(sheets)).save(unfinished, image_format, quality=85)  # of JPEG


def stack_sheets(sheets: Sequence[np.ndarray]) -> np.ndarray:
    """Return sheets below each other, padded with white at the right."""
    width = max(sheet.shape[1] for sheet in sheets)
    return np.concatenate(
        [np.pad(sheet, ((0, 0), (0, width - sheet.shape[1]), (0, 0)), constant_values=255) for sheet in sheets]
    )


def as_image(image: Tensor, sample: MultiTaskDataSample) -> np.ndarray:
    """Convert a network input (3, h, w) to an image (H, W, 3) of the size of the sample's labels and predictions."""
    pixels = np.ascontiguousarray(image.cpu().numpy().transpose(1, 2, 0))
    return cv2.resize(pixels, sample.ori_shape[::-1]) if 'ori_shape' in sample else pixels


def as_map(values: Tensor) -> np.ndarray:
    """Convert (C, H, W) to (H, W) or (H, W, C)."""
    array = values.detach().cpu().numpy()
    return array[0] if array.shape[0] == 1 else array.transpose(1, 2, 0)


def as_tensor(values: np.ndarray) -> Tensor:
    """Convert (H, W) or (H, W, C) to (C, H, W), the inverse of `as_map`."""
    return torch.from_numpy(values[None] if values.ndim == 2 else np.ascontiguousarray(values.transpose(2, 0, 1)))
