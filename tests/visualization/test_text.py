"""Text is broken at spaces, and larger fonts are wider."""

from mmmtl.visualization.text import text_width, wrap


def test_lines_fit():
    text = 'depth of the plane of the cost volume at which the views match best'
    for width in (60, 100, 300, 2000):
        lines = wrap(text, width, 12)
        assert ' '.join(lines) == text
        assert all(text_width(line, 12) <= width or ' ' not in line for line in lines)
    assert wrap(text, 2000, 12) == [text] and wrap('', 100, 12) == []


def test_larger_fonts_are_wider():
    assert text_width('prediction', 12) < text_width('prediction', 16) < text_width('prediction', 20)
