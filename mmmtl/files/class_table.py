"""Read the names of classes, and their colours, from a text file."""

from dataclasses import dataclass
from pathlib import Path

from mmmtl.errors import DataError
from mmmtl.files.text_files import read_lines

VOID = 'void'
HEADER = ('name', 'red', 'green', 'blue')

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class ClassTable:
    """Names of classes in the order of their indices, and the colours that label images use for them.

    Args:
        names: One name per class.
        colours: One RGB colour per class, 0..255; empty if the file has none.
        void: Colours of pixels without a label.
    """

    names: tuple[str, ...]
    colours: tuple[Colour, ...] = ()
    void: tuple[Colour, ...] = ()

    def index_of_colour(self) -> dict[Colour, int | None]:
        """Return ``{colour: class index}``, None for the colours of void."""
        return {**{colour: index for index, colour in enumerate(self.colours)}, **dict.fromkeys(self.void)}


def read_class_table(path: Path) -> ClassTable:
    """Read a file with one class per line: ``NAME``, or ``NAME,RED,GREEN,BLUE`` with colours of 0..255.

    The first line may be the header ``name,red,green,blue``. In a file with colours, lines with the name ``void`` are
    the colours of pixels without a label, and no class.

    Raises:
        DataError: The file cannot be read, or a line has a different format; the message names the line.
    """
    try:
        lines = read_lines(path)
    except (OSError, ValueError) as error:
        raise DataError(f'{path}: cannot be read as a list of classes ({error}); restore it') from None
    rows = {number: [field.strip().strip('"') for field in line.split(',')] for number, line in lines.items()}
    if rows and tuple(field.lower() for field in next(iter(rows.values()))) in (HEADER, HEADER[:1]):
        del rows[next(iter(rows))]
    if not rows:
        raise DataError(f'{path}: the file has no classes; write one per line, NAME or NAME,RED,GREEN,BLUE')
    has_colours = any(len(row) > 1 for row in rows.values())
    names: dict[str, int] = {}
    used: dict[Colour, int] = {}
    colours: list[Colour] = []
    void: list[Colour] = []
    for number, row in rows.items():
        if not row[0] or len(row) != (4 if has_colours else 1):
            expected = 'NAME,RED,GREEN,BLUE' if has_colours else 'NAME'
            raise DataError(f'{path}, line {number}: expected {expected}, found {lines[number]!r}; correct the line')
        if has_colours:
            colour = _colour(row[1:], path, number)
            if colour in used:
                raise DataError(
                    f'{path}, line {number}: the colour {colour} is that of line {used[colour]} too; remove one of them'
                )
            used[colour] = number
            if row[0].lower() == VOID:
                void.append(colour)
                continue
            colours.append(colour)
        if row[0] in names:
            raise DataError(
                f'{path}, line {number}: the class {row[0]!r} is that of line {names[row[0]]} too; rename one of them'
            )
        names[row[0]] = number
    return ClassTable(tuple(names), tuple(colours), tuple(void))


def _colour(fields: list[str], path: Path, number: int) -> Colour:
    if not all(field.isdecimal() and int(field) <= 255 for field in fields):
        raise DataError(
            f'{path}, line {number}: expected a colour as three integers 0..255, found {",".join(fields)}; '
            'correct the line'
        )
    red, green, blue = map(int, fields)
    return red, green, blue
