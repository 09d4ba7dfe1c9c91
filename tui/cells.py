"""A widget of text rows that draws again only the rows that changed."""

from collections.abc import Sequence

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Cells(Widget):
    """Rows below each other. `put` draws only those that differ from the rows before."""

    ALLOW_SELECT = False  # what is selected would not be seen

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[Strip] = []

    def put(self, rows: Sequence[Strip]) -> None:
        """Show these rows, from the top."""
        before, self._rows = self._rows, list(rows)
        for y in range(max(len(before), len(self._rows))):
            if before[y : y + 1] != self._rows[y : y + 1]:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """A row for the terminal."""
        row = self._rows[y] if y < len(self._rows) else Strip.blank(0)
        return row.adjust_cell_length(self.size.width).apply_style(self.rich_style)
