"""What the pane in focus shows, what the keys do, and what the words mean."""

from collections.abc import Iterable
from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui import words
from tui.experiments import EXPERIMENTS
from tui.keys import KEYS, Key
from tui.keys.screen import SCREEN
from tui.keys.steering import STEERING
from tui.panes import PANES
from tui.theme import rich_colour

Rows = Iterable[tuple[str, str]]

WAYS_OUT = ("detach", "leave")


class HelpScreen(ModalScreen[None]):
    """All keys and words, scrolling where the terminal is small."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,h,q", "dismiss", show=False)]

    def __init__(self, pane: str = "", kind: str = "") -> None:
        """`pane` has the focus, and the own keys of its `kind`."""
        super().__init__()
        self._pane = pane
        self._kind = kind

    def compose(self) -> ComposeResult:
        """One list after the other."""
        with VerticalScroll(classes="sheet") as sheet:
            sheet.border_title = f"help: {self._pane}" if self._pane else "help"
            sheet.border_subtitle = "Esc closes"
            # One widget: a widget a word takes five times as long to open while training is under way.
            yield Static(self._table(*_focused(self._pane, self._kind), *_general()))

    def _table(self, *lists: tuple[str, Rows]) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=13, style=Style(color=rich_colour(self.app.theme_variables["accent"])))
        table.add_column(ratio=1)
        for number, (title, rows) in enumerate(lists):
            if number:
                table.add_row()
            table.add_row(Text(title, "bold"))
            for name, text in rows:
                table.add_row(Text(name), Text(text))
        return table


def _focused(name: str, kind: str) -> list[tuple[str, Rows]]:
    """What a learner asks of the pane in focus."""
    pane = next((pane for pane in PANES if pane.name == name), None)
    if pane is None:
        return []
    keys = _rows(key for key in KEYS if key.pane and key.pane == kind)
    return [(f"Pane {name}", [(pane.digit, pane.help), *keys]), ("Reads", words.PANES.get(name, {}).items())]


def _general() -> list[tuple[str, Rows]]:
    """Keys and words that do not depend on the pane."""
    screen = [key for key in SCREEN if key.name not in WAYS_OUT]
    look = [*_rows(screen), ("tab", "Give the next pane the focus; ? then explains what stands in it.")]
    experiments = "; ".join(experiment.name for experiment in EXPERIMENTS)
    look.append(("ctrl+p", f"Search all commands, themes, and three experiments to learn from: {experiments}."))
    return [
        ("Steer", _rows(STEERING)),
        ("Look", look),
        ("Leave", _rows(key for key in SCREEN if key.name in WAYS_OUT)),
        ("Words", words.WORDS),
    ]


def _rows(keys: Iterable[Key]) -> list[tuple[str, str]]:
    return [(" ".join(key.keys), key.help) for key in keys]
