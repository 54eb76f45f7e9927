"""Text on sheets."""

from functools import cache

from PIL import Image, ImageDraw, ImageFont

INK = (30, 30, 30)


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's font at a size in pixels."""
    return ImageFont.load_default(size)


def line_height(size: int) -> int:
    """Return the height of a line of text in pixels."""
    return round(1.4 * size)


def text_width(text: str, size: int) -> int:
    """Return the width of text in pixels."""
    return int(font_of(size).getlength(text)) + 1


def wrap(text: str, width: int, size: int) -> list[str]:
    """Break text at spaces into lines of at most ``width`` pixels; a longer word has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f'{lines[-1]} {word}', size) <= width:
            lines[-1] += f' {word}'
        else:
            lines.append(word)
    return lines


def write(sheet: Image.Image, position: tuple[int, int], text: str, size: int) -> None:
    """Draw text at a position (left, top)."""
    ImageDraw.Draw(sheet).text(position, text, fill=INK, font=font_of(size))
