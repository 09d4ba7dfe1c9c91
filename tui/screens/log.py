"""Everything the run has said."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.panels.message import STYLES
from tui.state import UiState

FOLLOW_SECONDS = 0.5


class LogScreen(ModalScreen[None]):
    """The log. It follows the newest line until it is scrolled."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,l,q", "dismiss", show=False)]

    def __init__(self, state: UiState) -> None:
        super().__init__()
        self._state = state
        self._logged = -1

    def compose(self) -> ComposeResult:
        """One text."""
        with VerticalScroll(classes="sheet") as sheet:
            sheet.border_title = "log"
            sheet.border_subtitle = "Esc closes"
            yield Static(id="text")

    def on_mount(self) -> None:
        """Show the log, then follow it."""
        self.follow()
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def follow(self) -> None:
        """Show new lines; stay at the end if that was in sight."""
        if self._state.logged == self._logged:
            return
        self._logged = self._state.logged
        sheet = self.query_one(VerticalScroll)
        at_end = sheet.scroll_y >= sheet.max_scroll_y
        rows = (Content.assemble((note.text, STYLES[note.level])) for note in self._state.log)
        self.query_one("#text", Static).update(Content("\n").join(rows))
        if at_end:
            self.call_after_refresh(sheet.scroll_end, animate=False)
