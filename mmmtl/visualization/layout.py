"""The arrangement of maps on a sheet: how large they are, and how many stand side by side."""

MAX_WIDTH = 2400  # of a sheet, in pixels
MIN_SIDE = 192  # of the shorter side of a map ...
MAX_SIDE = 2392  # ... unless the longer side would exceed this
USUAL_WIDTH = 640  # of a map of a large image
GAP = 8  # between maps


def choose_layout(
    count: int, shape: tuple[int, int], rows: int = 1, caption_width: int = 1
) -> tuple[int, tuple[int, int]]:
    """Choose how many columns stand side by side, and the size of a map.

    The last line has as few gaps as possible; among such layouts the maps are as large as possible.

    Args:
        count: Number of columns.
        shape: (H, W) of the image.
        rows: Maps in a column.
        caption_width: Minimum distance in pixels between columns that leaves room for the captions.

    Returns:
        Columns per line, and the size (H, W) of a map.
    """
    smallest, usual = widths(shape)

    def width(columns: int) -> int:
        return min(usual, (MAX_WIDTH - GAP) // columns - GAP)

    max_columns = (MAX_WIDTH - GAP) // (caption_width + GAP)
    fitting = [columns for columns in range(1, min(count, max_columns) + 1) if width(columns) >= smallest] or [1]
    wide = [columns for columns in fitting if columns >= rows * -(-count // columns)] or [max(fitting)]
    columns = min(wide, key=lambda columns: (-count % columns, -width(columns), -columns))
    chosen = max(1, width(columns))
    return columns, (max(1, round(chosen * shape[0] / shape[1])), chosen)


def widths(shape: tuple[int, int]) -> tuple[int, int]:
    """Return the minimum and the usual width of a map of an image of ``shape`` (H, W).

    A small image is enlarged by an integer, so that its pixels stay squares of one size.
    """
    height, width = shape
    scale = min(MIN_SIDE / min(shape), MAX_SIDE / max(shape))
    smallest = max(1, round(width * scale))
    if scale <= 1:
        return smallest, max(smallest, min(width, USUAL_WIDTH))
    factor = -int(-scale // 1)
    usual = width * (factor if factor * max(shape) <= MAX_SIDE else int(scale))
    return min(smallest, usual), usual
