"""The older runs whose curves can be drawn on the plots."""

import threading
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList

from tui.columns import Column, Columns
from tui.listing import Line, Listing
from tui.runs import MODEL, NAME, Row, cells, each_run
from tui.screens.compare import CompareScreen

FOLLOW_SECONDS = 0.2
COLUMNS = Columns(
    *(Column("", 2), Column("name", NAME), Column("model", MODEL, 1), Column("arm", 11, 2)),
    *(Column("epoch", -7), Column("best", -8), Column("age", -7)),
)
NOTHING = "No other run here has curves to show."
MARK = "●"


class RunsScreen(ModalScreen[set[str]]):
    """A list, newest first, in which runs are marked. Its answer is the names of the marked ones."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False),
        Binding("space", "mark", show=False),
        Binding("enter", "take", show=False, priority=True),
        Binding("slash", "filter", show=False),
        Binding("c", "compare", show=False),
    ]

    def __init__(self, root: Path, chosen: set[str], without: str = "", *, ascii: bool = False) -> None:
        """`root` is the folder of the runs, `without` the name of one that is left out: the one on the screen.

        `ascii`: a comparison is drawn with ASCII characters alone.
        """
        super().__init__()
        self._ascii = ascii
        self._root, self._without = root, without
        self._before, self._chosen = frozenset(chosen), set(chosen)
        self._rows: list[Row] = []
        self._reader = threading.Thread(target=self._read, name="runs", daemon=True)
        self._shown: tuple[int, bool, str, frozenset[str]] | None = None

    def compose(self) -> ComposeResult:
        """A filter and the list."""
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = "older runs on the plots"
            sheet.border_subtitle = "Space marks, Enter draws, c compares, / filters, Esc closes"
            yield Input(placeholder="/ filters by name and model", compact=True)
            yield Listing(COLUMNS)

    def on_mount(self) -> None:
        """Show the runs that have been read, then the others as they come."""
        self.query_one(OptionList).focus()
        self._reader.start()
        self.call_after_refresh(self.follow)
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def follow(self) -> None:
        """Show what has been read, marked or filtered since."""
        reading, text = self._reader.is_alive(), self.query_one(Input).value
        state = (len(self._rows), reading, text, frozenset(self._chosen))
        if state == self._shown:
            return
        self._shown = state
        rows = sorted((row for row in self._rows[: state[0]] if _fits(row, text)), key=lambda row: -row.updated)
        empty = "reading the journals…" if reading else "None of these." if self._rows else NOTHING
        self.query_one(Listing).show([self._line(row) for row in rows], empty)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        self.follow()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click."""
        self.action_mark()

    def action_take(self) -> None:
        """In the filter: go to the list. In the list: draw the marked runs; if no mark is new, mark this run first."""
        options = self.query_one(OptionList)
        if not options.has_focus:
            options.focus()
            return
        if self._chosen == self._before:
            self.action_mark()
        self.action_close()

    def action_filter(self) -> None:
        """Type into the filter."""
        self.query_one(Input).focus()

    def action_mark(self) -> None:
        """Mark the highlighted run, or take its mark away."""
        if (name := self.query_one(Listing).highlighted) is not None:
            self._chosen ^= {name}
            self.follow()

    def action_compare(self) -> None:
        """Compare the run on the screen with the marked ones; if none is marked, with the highlighted one."""
        highlighted = self.query_one(Listing).highlighted
        others = sorted(self._chosen) or ([highlighted] if highlighted is not None else [])
        runs = [name for name in (self._without, *others) if name]
        if others:
            self.app.push_screen(CompareScreen([self._root / name for name in runs], ascii=self._ascii))

    def action_close(self) -> None:
        """Answer."""
        self.dismiss(self._chosen)

    def _read(self) -> None:
        for found in each_run(self._root, self._without):
            self._rows.append(found)

    def _line(self, run: Row) -> Line:
        mark = MARK if run.name in self._chosen else ""
        return Line(run.name, (mark, *cells(run)))


def _fits(run: Row, text: str) -> bool:
    """Whether each word of the filter is in a run's name or model."""
    return all(word in f"{run.name} {run.model}".casefold() for word in text.casefold().split())
