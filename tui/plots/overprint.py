"""What is written over the rows of a plot: grid lines, marks, names at the ends of lines, a cursor."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.theme import rich_colour

CURSOR, GRID = "│", "┄"
EMPTY = frozenset(f" \u2800{GRID}")  # cells that hide no data


@dataclass(frozen=True, slots=True)
class Written:
    """Text in the right margin: the name of a line, or its last value."""

    y: float
    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark in the row below the plot."""

    x: float
    mark: str
    colour: str


def grid(row: Strip, left: int, style: Style) -> Strip:
    """The row with a dotted line through its empty cells, from the column `left` on."""
    cells = [
        Segment(GRID, style) if cell in EMPTY and number >= left else Segment(cell, segment.style)
        for number, (cell, segment) in enumerate((cell, segment) for segment in row for cell in segment.text)
    ]
    return Strip(cells).simplify()


def over(row: Strip, column: int, text: str, style: Style) -> Strip:
    """The row with a text from a column on."""
    return Strip.join([row.crop(0, column), Strip([Segment(text, style)]), row.crop(column + len(text))])


def through(row: Strip, column: int, style: Style) -> Strip:
    """The row with a piece of the cursor in a column, unless data is there."""
    return over(row, column, CURSOR, style) if set(row.crop(column, column + 1).text) <= EMPTY else row


def write_at_ends(rows: list[Strip], texts: Iterable[tuple[int, str, str]]) -> None:
    """Write texts (row, text, colour) at the right edge, each at its row or, if another one is there, near it."""
    taken: set[int] = set()
    for wanted, text, colour in texts:
        near = (wanted, wanted + 1, wanted - 1, wanted + 2, wanted - 2)
        number = next((n for n in near if 0 <= n < len(rows) and n not in taken), None)
        if number is None:
            continue
        taken.add(number)
        rows[number] = over(rows[number], rows[number].cell_length - len(text), text, Style(color=rich_colour(colour)))


def name_lines(rows: list[Strip], names: Sequence[tuple[int, str, str]]) -> None:
    """Write names (row, text, colour) over the right end of lines; those of one row stand beside each other."""
    named: dict[int, dict[str, str]] = {}
    for number, name, colour in names:
        named.setdefault(number, {})[name] = colour
    for number, same in named.items():
        column = rows[number].cell_length - sum(len(name) + 1 for name in same)
        for name, colour in same.items():
            rows[number] = over(rows[number], column, f" {name}", Style(color=rich_colour(colour)))
            column += len(name) + 1


def marks_row(width: int, marks: Iterable[tuple[int, str, str]]) -> Strip:
    """A row of `width` cells with marks (column, mark, colour); of several in a column the last one is seen."""
    row = Strip([Segment(" " * width)])
    for column, mark, colour in marks:
        row = over(row, column, mark, Style(color=rich_colour(colour)))
    return row.simplify()
