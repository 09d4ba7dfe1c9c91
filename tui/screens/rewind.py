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
from tui.columns import Column, Columns
from tui.format import MISSING, age, percent
from tui.state import UiState

FOLLOW_SECONDS = 0.5
COLUMNS = Columns(
    *(Column("step", -9), Column("epoch", -7, 1), Column("branch", -8, 2)),
    *(Column("accuracy", -10), Column("age", -8), Column("  kept because", 20)),
)
NOTHING = "No state of this arm has been kept yet to go back to."


class RewindScreen(ModalScreen[str | None]):
    """A list, newest first, that is kept up to date; its answer is the name of the point chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,b,q", "dismiss", show=False)]

    def __init__(self, state: UiState) -> None:
        super().__init__()
        self._state = state
        self._names: list[str] = []
        self._rows: list[Content] = []
        self._titles = Content("")

    def compose(self) -> ComposeResult:
        """A head and the list."""
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = f"rewind {self._state.arm}"
            yield Static(id="head")
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        """Show what there is, then what comes."""
        self.query_one(OptionList).focus()
        self.call_after_refresh(self.follow)
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def follow(self) -> None:
        """Take in what is new, and leave the highlight on the point it is on."""
        does = "goes back and trains on" if self._state.paused else "goes back"  # a rewind ends a pause
        self.query_one(".sheet").border_subtitle = f"Enter {does}, Esc closes"
        now = time.time()
        points = sorted(self._state.points, key=lambda point: (point.time, point.step), reverse=True)
        per_epoch = self._state.view.steps_per_epoch if self._state.view is not None else 1
        head = self.query_one("#head", Static)
        width = head.size.width - 1  # the scroll bar's
        names, rows = [point.name for point in points], [_row(point, now, per_epoch, width) for point in points]
        if (titles := COLUMNS.head(width) if names else Content(NOTHING)) != self._titles:
            self._titles = titles
            head.update(titles)  # which has the screen placed anew
        options = self.query_one(OptionList)
        if names != self._names or not names:
            chosen = self._names[options.highlighted] if options.highlighted is not None else ""
            options.set_options(Option(text, id=name) for name, text in zip(names, rows, strict=True))
            options.highlighted = names.index(chosen) if chosen in names else 0 if names else None
        else:
            for place, (old, new) in enumerate(zip(self._rows, rows, strict=True)):
                if not old.is_same(new):
                    options.replace_option_prompt_at_index(place, new)
        self._names, self._rows = names, rows

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self.dismiss(event.option_id)


def _row(point: RestorePoint, now: float, per_epoch: int, width: int) -> Content:
    cells = (
        f"{point.step:,}",
        f"{max(-(-point.step // per_epoch), 1):,}",  # that its last step is of
        str(point.branch),
        percent(point.accuracy),
        age(now - point.time) if point.time else MISSING,
        f"  {point.reason}",
    )
    return COLUMNS.line(cells, width)
