"""The states of the arm in hand that a rewind can go back to."""

import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.protocol import RestorePoint
from tui.format import MISSING, age, percent
from tui.panels.panel import row
from tui.state import UiState

FOLLOW_SECONDS = 0.5
COLUMNS = (("step", -9), ("epoch", -7), ("branch", -8), ("accuracy", -10), ("age", -8), ("  kept because", 16))
NOTHING = "No state of this arm has been kept yet to go back to."


class RewindScreen(ModalScreen[str | None]):
    """A list, newest first, that is kept up to date; its answer is the name of the point chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,b,q", "dismiss", show=False)]

    def __init__(self, state: UiState) -> None:
        super().__init__()
        self._state = state
        self._names: list[str] = []
        self._rows: list[Content] = []

    def compose(self) -> ComposeResult:
        """A head and the list."""
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = f"rewind {self._state.arm}"
            sheet.border_subtitle = "Enter goes back, Esc closes"
            yield Static(id="head")
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        """Show what there is, then what comes."""
        self.query_one(OptionList).focus()
        self.follow()
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def follow(self) -> None:
        """Take in what is new, and leave the highlight on the point it is on."""
        now = time.time()
        points = sorted(self._state.points, key=lambda point: (point.time, point.step), reverse=True)
        per_epoch = self._state.view.steps_per_epoch if self._state.view is not None else 1
        names, rows = [point.name for point in points], [_row(point, now, per_epoch) for point in points]
        options = self.query_one(OptionList)
        if names != self._names or not names:
            chosen = self._names[options.highlighted] if options.highlighted is not None else ""
            options.set_options(Option(text, id=name) for name, text in zip(names, rows, strict=True))
            options.highlighted = names.index(chosen) if chosen in names else 0 if names else None
            head = row(*((title, width, "") for title, width in COLUMNS)) if names else Content(NOTHING)
            self.query_one("#head", Static).update(head)
        else:
            for place, (old, new) in enumerate(zip(self._rows, rows, strict=True)):
                if not old.is_same(new):
                    options.replace_option_prompt_at_index(place, new)
        self._names, self._rows = names, rows

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self.dismiss(event.option_id)


def _row(point: RestorePoint, now: float, per_epoch: int) -> Content:
    cells = (
        f"{point.step:,}",
        f"{max(-(-point.step // per_epoch), 1):,}",  # that its last step is of
        str(point.branch),
        percent(point.accuracy),
        age(now - point.time) if point.time else MISSING,
        f"  {point.reason}",
    )
    return row(*((cell, width, "") for cell, (_, width) in zip(cells, COLUMNS, strict=True)))
