"""Draw the key below a map of a sheet: colour bar, classes, key image, hatching of void pixels, note."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from PIL import Image

from mmmtl.tasks.map_display import MapDisplay, Range
from mmmtl.visualization.text import line_height, text_width, wrap, write

BACKGROUND = (255, 255, 255)
HATCH = 8  # pixels from stripe to stripe
DARK, LIGHT = (70, 70, 80), (125, 125, 135)  # colours of the stripes
TICKS = 5  # of a colour bar, if there is room

LegendEntry = tuple[str, tuple[int, int, int]]


def hatched(size: tuple[int, int]) -> np.ndarray:
    """Return diagonal stripes (H, W, 3) uint8, the mark of void pixels."""
    rows, columns = np.indices(size)
    return np.where(((rows + columns) // (HATCH // 2) % 2 == 0)[..., None], DARK, LIGHT).astype(np.uint8)


def draw_key(
    display: MapDisplay,
    value_range: Range | None,
    legend: Sequence[LegendEntry],
    has_void: bool,
    width: int,
    size: int,
) -> np.ndarray:
    """Draw the key of a map.

    Args:
        display: Display of the map.
        value_range: Values that its colours span; None for a key without a colour bar.
        legend: (caption, colour) of what occurs in it.
        has_void: Whether it has void pixels.
        width: Width of the key in pixels.
        size: Height of the font in pixels.

    Returns:
        (height, width, 3) uint8 RGB; the height may be 0.
    """
    parts = []
    if value_range is not None:
        parts.append(colour_bar(display, value_range, width, size))
        legend = ()  # the ends of the bar name the same colours
    key = display.key(4 * size)
    if key is not None:
        parts.append(beside(key, display.note, width, size))
    swatches = [(caption, np.full((size, size, 3), colour, np.uint8)) for caption, colour in legend]
    if has_void:
        swatches.append(('no value', hatched((size, size))))
    if swatches:
        parts.append(draw_swatches(swatches, width, size))
    if key is None and display.note:
        parts.append(paragraph(display.note, width, size))
    return np.concatenate(parts) if parts else np.zeros((0, width, 3), np.uint8)


def colour_bar(display: MapDisplay, value_range: Range, width: int, size: int) -> np.ndarray:
    """Draw a colour bar with numbers below it."""
    low, high = value_range
    values = low + (np.arange(width) + 0.5) / width * (high - low)
    bar = display.draw(np.repeat(values[None].astype(np.float32), size, 0), value_range)
    canvas = blank(line_height(size), width)
    ticks = TICKS
    while ticks > 2 and ticks * text_width('00.0 m ', size) > width:
        ticks -= 1
    for index in range(ticks):
        text = f'{low + (high - low) * index / (ticks - 1):.3g} {display.unit}'.strip()
        left = round((width - 1) * index / (ticks - 1) - text_width(text, size) * index / (ticks - 1))
        write(canvas, (left, 0), text, size)
    return np.concatenate([bar, np.asarray(canvas)])


def draw_swatches(swatches: Sequence[tuple[str, np.ndarray]], width: int, size: int) -> np.ndarray:
    """Draw squares of colours with their captions, in lines of at most ``width`` pixels."""
    lines = list(break_lines([(caption, swatch_width(caption, size)) for caption, _ in swatches], width))
    canvas, squares = blank(line_height(size) * len(lines), width), dict(swatches)
    for index, line in enumerate(lines):
        left, top = 0, index * line_height(size)
        for caption in line:
            canvas.paste(Image.fromarray(squares[caption]), (left, top + (line_height(size) - size) // 2))
            write(canvas, (left + size + size // 3, top), caption, size)
            left += swatch_width(caption, size)
    return np.asarray(canvas)


def swatch_width(caption: str, size: int) -> int:
    """Return the width in pixels of a square with its caption and the gap behind it."""
    return size + size // 3 + text_width(caption, size) + size


def break_lines(items: Iterable[tuple[str, int]], width: int) -> Iterator[list[str]]:
    """Break (caption, width) into lines of captions of at most ``width`` pixels."""
    line: list[str] = []
    used = 0
    for caption, caption_width in items:
        if line and used + caption_width > width:
            yield line
            line, used = [], 0
        line.append(caption)
        used += caption_width
    if line:
        yield line


def beside(image: np.ndarray, note: str, width: int, size: int) -> np.ndarray:
    """Draw an image with a note at its right."""
    height, left = image.shape[0], image.shape[1] + size
    canvas = blank(height + size // 2, width)
    canvas.paste(Image.fromarray(image), (0, size // 4))
    lines = wrap(note, width - left, size)
    top = max(0, (height - len(lines) * line_height(size)) // 2)
    for index, line in enumerate(lines):
        write(canvas, (left, top + index * line_height(size)), line, size)
    return np.asarray(canvas)


def paragraph(text: str, width: int, size: int) -> np.ndarray:
    """Draw text, broken into lines."""
    lines = wrap(text, width, size)
    canvas = blank(line_height(size) * len(lines), width)
    for index, line in enumerate(lines):
        write(canvas, (0, index * line_height(size)), line, size)
    return np.asarray(canvas)


def blank(height: int, width: int) -> Image.Image:
    """Return an empty image."""
    return Image.new('RGB', (width, height), BACKGROUND)
