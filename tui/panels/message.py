"""The message line: it answers a key at once, then reports the effect."""

from textual.content import Content

from tui.figures.pace import Pace
from tui.format import elapsed
from tui.notes import Level
from tui.panels.panel import Panel
from tui.state import UiState

MORE = "  l reads it all"
STYLES: dict[Level, str] = {"info": "", "good": "$success", "warning": "$warning", "bad": "bold $error"}


class Message(Panel):
    """The last note. While its effect is still to come, it shows the seconds so far."""

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace()

    def text(self, state: UiState, now: float) -> Content:
        """One line."""
        waits = bool(state.waiting) and state.note.text.endswith("…")
        seconds = self._pace.see(state.note if waits else None, 0, now).seconds
        so_far = f" {elapsed(seconds)}" if waits and seconds >= 1 else ""
        line = Content.assemble((f" {state.note.text}", STYLES[state.note.level]), (so_far, "$muted"))
        if line.cell_length <= self.size.width or not state.note.kept:
            return line
        return line.truncate(max(self.size.width - len(MORE), 0), ellipsis=True) + Content.styled(MORE, "$muted")
