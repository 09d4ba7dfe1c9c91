"""Columns of fixed widths. A narrow terminal shows only the more important ones."""

from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content

from tui.panels.panel import row


class Column(NamedTuple):
    """A column of a table."""

    title: str
    width: int
    "in cells; negative: the text is aligned to the right"
    rank: int = 0
    "where there is no room for all columns, those with larger ranks are left out first; rank 0 never is"


class Columns:
    """The columns of a table. `width` is always the room for a row, in cells."""

    def __init__(self, *columns: Column) -> None:
        self._columns = columns

    def head(self, width: int) -> Content:
        """The titles."""
        return self.line([column.title for column in self._columns], width)

    def line(self, cells: Sequence[str], width: int, styles: Sequence[str] = ()) -> Content:
        """A row. There is a cell, and perhaps a style, for each column; only those that fit are shown."""
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
