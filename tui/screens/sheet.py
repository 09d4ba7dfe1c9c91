"""A sheet with lists of names and texts, for help."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.theme import rich_colour

Rows = Iterable[tuple[str, str]]

NAME, GAP = 13, 2  # cells


class Sheet(ScrollView):
    """Lists of names and texts, wrapped. Only the rows in sight are drawn, as it may open during training."""

    def __init__(self, title: str, lists: Sequence[tuple[str, Rows]]) -> None:
        super().__init__(classes="sheet")
        self.border_title, self.border_subtitle = title, "Esc closes"
        self._lists = lists
        self._drawn: list[Strip] = []

    def on_resize(self) -> None:
        """Wrap for the new size."""
        width = self.scrollable_content_region.width
        if width and width != self.virtual_size.width:
            self._drawn = list(self._wrapped(width - NAME - GAP))
            self.virtual_size = Size(width, len(self._drawn))

    def render_line(self, y: int) -> Strip:
        """A row of the lists."""
        row = y + self.scroll_offset.y
        strip = self._drawn[row] if row < len(self._drawn) else Strip.blank(0)
        return strip.adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def _wrapped(self, width: int) -> Iterator[Strip]:
        bold, coloured = Style(bold=True), Style(color=rich_colour(self.app.theme_variables["accent"]))
        for number, (title, rows) in enumerate(self._lists):
            if number:
                yield Strip.blank(0)
            yield Strip([Segment(title, bold)])
            for name, text in rows:
                for left, right in zip_longest(wrap(name, NAME), wrap(text, max(width, 1)), fillvalue=""):
                    yield Strip([Segment(left.ljust(NAME + GAP), coloured), Segment(right)])
