"""The message line: it answers a key at once, then reports the effect."""

from textual.content import Content

from tui.figures.pace import Pace
from tui.format import elapsed
from tui.notes import Level
from tui.panels.panel import Panel
from tui.state import UiState

MORE = "  l reads it all"
MORE_STYLE = "$muted @click=app.press('log')"
OLD, EXPIRED = 60.0, 10.0  # seconds, after which what happened is dim, and a hint that the log does not keep is gone
STYLES: dict[Level, str] = {
    "routine": "$muted",
    "info": "",
    "good": "$success",
    "warning": "$warning",
    "bad": "bold $error",
}


class Message(Panel):
    """The last note. While its effect is still to come, it shows the seconds so far."""

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace()

    def text(self, state: UiState, now: float) -> Content:
        """One line. A hint goes after a while; what stays in the log gets dim, unless it warns."""
        note = state.note
        age = now - note.time if note.time else 0.0
        if not note.kept and not -1 <= age <= EXPIRED and not note.text.endswith("…"):
            return Content("")
        style = "$muted" if age > OLD and note.level not in ("warning", "bad") else STYLES[note.level]
        waits = bool(state.waiting) and note.text.endswith("…")
        seconds = self._pace.see(note if waits else None, 0, now).seconds
        so_far = f" {elapsed(seconds)}" if waits and seconds >= 1 else ""
        line = Content.assemble((f" {note.text}", style), (so_far, "$muted"))
        if line.cell_length <= self.size.width or not note.kept:
            return line
        cut = line.truncate(max(self.size.width - len(MORE), 0), ellipsis=True)
        return cut + Content.styled(MORE, MORE_STYLE)
