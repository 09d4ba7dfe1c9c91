"""The older runs whose curves can be laid over the plots."""

import threading
import time
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.columns import Column, Columns
from tui.format import age, percent, short_name
from tui.plots.past import Row, each_run

FOLLOW_SECONDS = 0.2
NAME, MODEL = 19, 17
COLUMNS = Columns(
    *(Column("", 2), Column("name", NAME), Column("model", MODEL, 1), Column("arms", 11, 2)),
    *(Column("epoch", -7), Column("best", -8), Column("age", -7)),
)
NOTHING = "No other run here has curves to show."
MARK = "●"


class RunsScreen(ModalScreen[set[str]]):
    """A list, newest first, in which runs are marked; its answer is the names of all that are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False),
        Binding("space", "mark", show=False),
        Binding("enter", "take", show=False, priority=True),
        Binding("slash", "filter", show=False),
    ]

    def __init__(self, root: Path, chosen: set[str], without: str = "") -> None:
        """`root` is the folder of the runs, `without` the name of one that is left out: the one on the screen."""
        super().__init__()
        self._root, self._without = root, without
        self._before, self._chosen = frozenset(chosen), set(chosen)
        self._rows: list[Row] = []
        self._reader = threading.Thread(target=self._read, name="runs", daemon=True)
        self._shown: tuple[int, bool, str, int] | None = None

    def compose(self) -> ComposeResult:
        """A filter, a head and the list."""
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = "older runs on the plots"
            sheet.border_subtitle = "Space marks, Enter draws, / filters, Esc closes"
            yield Input(placeholder="/ filters by name and model", compact=True)
            yield Static(id="head")
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        """Show what is read already, then the rest."""
        self.query_one(OptionList).focus()
        self._reader.start()
        self.call_after_refresh(self.follow)
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def follow(self) -> None:
        """Take in what is new or filtered or sized otherwise, and leave the highlight on the run it is on."""
        reading, text = self._reader.is_alive(), self.query_one(Input).value
        state = (len(self._rows), reading, text, self._width)
        if state == self._shown:
            return
        self._shown = state
        options = self.query_one(OptionList)
        before = _highlighted(options)
        rows = sorted((row for row in self._rows[: state[0]] if _fits(row, text)), key=lambda row: -row.time)
        names = [row.name for row in rows]
        options.set_options(Option(self._line(row), id=row.name) for row in rows)
        options.highlighted = names.index(before) if before in names else 0 if names else None
        empty = "reading the journals…" if reading else "None of these." if self._rows else NOTHING
        self.query_one("#head", Static).update(COLUMNS.head(self._width) if names else Content(empty))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        self.follow()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click."""
        self.action_mark()

    def action_take(self) -> None:
        """From the filter go to the list, and there have what is marked drawn, or, where no mark is new, this run."""
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
        options = self.query_one(OptionList)
        if (name := _highlighted(options)) is None:
            return
        self._chosen ^= {name}
        line = self._line(next(row for row in self._rows if row.name == name))
        options.replace_option_prompt(name, line)

    def action_close(self) -> None:
        """Answer."""
        self.dismiss(self._chosen)

    def _read(self) -> None:
        for found in each_run(self._root):
            if found.name != self._without:
                self._rows.append(found)

    def _line(self, run: Row) -> Content:
        cells = (
            MARK if run.name in self._chosen else "",
            short_name(run.name, NAME - 1),
            short_name(run.model, MODEL - 1),
            "both" if len(run.arms) > 1 else run.arms[0],
            f"{run.epoch:,}/{run.epochs:,}",
            percent(run.best_accuracy),
            age(time.time() - run.time),
        )
        return COLUMNS.line(cells, self._width)

    @property
    def _width(self) -> int:
        """Cells of a line, but for the scroll bar."""
        return self.query_one("#head").size.width - 1


def _highlighted(options: OptionList) -> str | None:
    return None if options.highlighted is None else options.get_option_at_index(options.highlighted).id


def _fits(run: Row, text: str) -> bool:
    """Whether each word of the filter is in a run's name or model."""
    return all(word in f"{run.name} {run.model}".casefold() for word in text.casefold().split())
