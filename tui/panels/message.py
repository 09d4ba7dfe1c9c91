"""The line that answers a key at once and then says what came of it."""

from textual.content import Content

from tui.notes import Level
from tui.panels.panel import Panel
from tui.state import UiState

STYLES: dict[Level, str] = {"info": "", "good": "$success", "warning": "$warning", "bad": "bold $error"}


class Message(Panel):
    """The last note."""

    def text(self, state: UiState, now: float) -> Content:
        """One line."""
        return Content.assemble((f" {state.note.text}", STYLES[state.note.level]))
