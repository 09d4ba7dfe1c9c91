"""A table to choose a row of, for the screens and pages that list something."""

from collections.abc import Sequence
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.columns import Columns


class Line(NamedTuple):
    """A row of the table."""

    key: str
    "what it stands for; no two rows have the same"
    cells: Sequence[str]
    styles: Sequence[str] = ()


class Listing(Vertical):
    """Titles, and a list below them, with the columns that there is room for."""

    def __init__(self, columns: Columns, instead: str = "") -> None:
        """`instead` is shown until there are rows."""
        super().__init__()
        self._columns, self._instead = columns, instead
        self._lines: list[Line] = []
        self._titles = Content(instead)
        self._drawn: dict[str, Content] = {}

    def compose(self) -> ComposeResult:
        """Titles and list."""
        yield Static(self._titles, id="titles")
        yield OptionList(markup=False)

    def on_resize(self) -> None:
        """Show the columns that there is room for now."""
        self._draw()

    @property
    def highlighted(self) -> str | None:
        """The key of the highlighted row."""
        option = self.query_one(OptionList).highlighted_option
        return option.id if option is not None else None

    def show(self, lines: Sequence[Line], instead: str = "") -> None:
        """Show these rows; the highlight stays on the row it is on. Without any, show what stands there `instead`."""
        self._lines, self._instead = list(lines), instead
        self._draw()

    def _draw(self) -> None:
        width = self.size.width - 1  # the scroll bar's
        titles = self._columns.head(width) if self._lines else Content(self._instead)
        if not titles.is_same(self._titles):
            self._titles = titles
            self.query_one("#titles", Static).update(titles)  # which lays the screen out again
        options, before = self.query_one(OptionList), self._drawn
        self._drawn = {line.key: self._columns.line(line.cells, width, line.styles) for line in self._lines}
        chosen, keys = self.highlighted, list(self._drawn)
        if list(before) == keys[: len(before)]:  # as it was, or longer
            for key, old in before.items():
                if not old.is_same(self._drawn[key]):
                    options.replace_option_prompt(key, self._drawn[key])
            options.add_options(Option(self._drawn[key], id=key) for key in keys[len(before) :])
        else:
            options.set_options(Option(text, id=key) for key, text in self._drawn.items())
        if self.highlighted is None and keys:
            options.highlighted = keys.index(chosen) if chosen in keys else 0
