"""The last things the run said."""

from textual.content import Content

from tui.panels.message import STYLES
from tui.panels.panel import Panel, lines
from tui.state import UiState


class LogTail(Panel):
    """As many of the newest lines as fit."""

    def on_mount(self) -> None:
        """Name the panel."""
        self.title("log")

    def text(self, state: UiState, now: float) -> Content:
        """The newest line is the last."""
        newest = list(state.log)[-max(self.size.height, 1) :]
        return lines(*(Content.assemble((note.text, STYLES[note.level])) for note in newest))
