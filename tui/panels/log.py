"""The last things the run said."""

import time
from collections.abc import Sequence

from textual.content import Content

from tui.notes import Level, Note
from tui.panels.message import STYLES
from tui.panels.panel import Panel, lines
from tui.state import UiState

MARKS: dict[Level, str] = {"warning": "! ", "bad": "!! "}
"before what must not be overlooked, which a colour alone would not say"
MINUTES, SECONDS, DAYS = "%H:%M ", "%H:%M:%S ", "%m-%d %H:%M:%S "
WITH_TIMES = 50  # cells of a pane that shows times
WHEEL = 3  # lines


class LogTail(Panel):
    """As many of the newest lines as fit; the mouse wheel shows older ones."""

    def __init__(self) -> None:
        super().__init__()
        self._last = 0
        "number of the note below which no other is shown; 0: the newest"
        self._logged = (0, 0)
        "numbers of the oldest note that is kept and of the newest one"

    def text(self, state: UiState, now: float) -> Content:
        """The newest line is the last."""
        rows, newest = max(self.size.height, 1), state.logged
        self._logged = newest - len(state.log), newest
        if not self._logged[0] + rows <= self._last < newest:
            self._last = 0
        below = newest - self._last if self._last else 0
        self.title(f"log, {below} newer below" if below else "log")
        end = len(state.log) - below
        form = MINUTES if self.size.width >= WITH_TIMES else ""
        return lines(*(row_of(note, folder_of(state), form) for note in list(state.log)[max(end - rows, 0) : end]))

    def wheel(self, down: int, right: int) -> None:
        """Go to newer lines, or to older ones."""
        oldest, newest = self._logged
        last = (self._last or newest) + WHEEL * down
        self._last = min(max(last, min(oldest + self.size.height, newest)), newest)


def row_of(note: Note, folder: str, form: str) -> Content:
    """A line of the log: its time in a `form` of `time.strftime`, a mark, and the text without the run's `folder`."""
    when = time.strftime(form, time.localtime(note.time)) if note.time else " " * len(time.strftime(form))
    text = note.text.replace(f"{folder}/", "") if folder else note.text
    return Content.assemble((when, "$muted"), (MARKS.get(note.level, "") + text, STYLES[note.level]))


def folder_of(state: UiState) -> str:
    """The run's folder, as its events name it; empty where no run has begun."""
    return state.run.path.rstrip("/") if state.run is not None else ""


def form_of(notes: Sequence[Note], now: float) -> str:
    """How times are written that all have room: with the day where one is of another day than `now`."""
    known = [note.time for note in notes if note.time]
    if not known:
        return ""
    return DAYS if any(time.localtime(when)[:3] != time.localtime(now)[:3] for when in known) else SECONDS
