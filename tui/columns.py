"""A table whose columns have fixed widths, of which a narrow terminal shows the more important ones."""

from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content

from tui.panels.panel import row


class Column(NamedTuple):
    """A column of a table."""

    title: str
    width: int
    "in cells; where it is negative, what stands in it is on the right"
    rank: int = 0
    "where there is no room for all, larger ones are left out first, and 0 never"


class Columns:
    """The columns of a table; `width` is always that of the room they have, in cells."""

    def __init__(self, *columns: Column) -> None:
        self._columns = columns

    def head(self, width: int) -> Content:
        """The titles."""
        return self.line([column.title for column in self._columns], width)

    def line(self, cells: Sequence[str], width: int, styles: Sequence[str] = ()) -> Content:
        """A cell, and perhaps a style, for each column, of which those are shown that fit."""
        styles = styles or [""] * len(cells)
        return row(*((cells[place], self._columns[place].width, styles[place]) for place in self._fitting(width)))

    def _fitting(self, width: int) -> list[int]:
        places = list(range(len(self._columns)))
        while sum(abs(self._columns[place].width) for place in places) > width:
            last = max(places, key=lambda place: self._columns[place].rank)
            if self._columns[last].rank == 0:
                break
            places.remove(last)
        return places
