"""The states of the current arm that a rewind can go back to."""

import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList

from engine.protocol import RestorePoint
from engine.protocol.ages import age
from tui.columns import Column, Columns
from tui.format import MISSING, percent
from tui.listing import Line, Listing
from tui.state import UiState

FOLLOW_SECONDS = 0.5
COLUMNS = Columns(
    *(Column("step", -9), Column("epoch", -7, 1), Column("branch", -8, 2)),
    *(Column("accuracy", -10), Column("age", -8), Column("  kept because", 20)),
)
NOTHING = "No state of this arm has been kept yet to go back to."


class RewindScreen(ModalScreen[str | None]):
    """A list of restore points, newest first, that is kept up to date. Its answer is the name of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,b,q", "dismiss", show=False)]

    def __init__(self, state: UiState) -> None:
        super().__init__()
        self._state = state

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = f"rewind {self._state.arm}"
            yield Listing(COLUMNS)

    def on_mount(self) -> None:
        """Show the list, then follow the state."""
        self.query_one(OptionList).focus()
        self.call_after_refresh(self.follow)
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def follow(self) -> None:
        """Show what is new."""
        does = "goes back and trains on" if self._state.paused else "goes back"  # a rewind ends a pause
        self.query_one(".sheet").border_subtitle = f"Enter {does}, Esc closes"
        now = time.time()
        points = sorted(self._state.points, key=lambda point: (point.time, point.step), reverse=True)
        per_epoch = self._state.view.steps_per_epoch if self._state.view is not None else 1
        self.query_one(Listing).show([_line(point, now, per_epoch) for point in points], NOTHING)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self.dismiss(event.option_id)


def _line(point: RestorePoint, now: float, per_epoch: int) -> Line:
    cells = (
        f"{point.step:,}",
        f"{max(-(-point.step // per_epoch), 1):,}",  # the epoch of its last step
        str(point.branch),
        percent(point.accuracy),
        age(now - point.time) if point.time else MISSING,
        f"  {point.reason}",
    )
    return Line(point.name, cells)
