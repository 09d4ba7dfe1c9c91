"""What the user is told: the note in the message line, and the log. Loads no Textual."""

import time
from collections import deque
from dataclasses import replace

from engine.protocol.printable import printable_lines
from tui.notes import Note

LOG_LINES = 1000
UNKNOWN = 0.0
"time of what was told before a history said when"


class NoteLog:
    """Keeps the newest notes, each with the time at which it was told."""

    def __init__(self) -> None:
        self.note = Note("")
        "what the message line shows"
        self.log: deque[Note] = deque(maxlen=LOG_LINES)
        self.logged = 0
        "how many notes were logged so far, those that the log has dropped, too"
        self.recorded: float | None = None
        "when the events of a history that come now were recorded; `None`: they happen now"

    def tell(self, note: Note) -> None:
        """Show a note, log it, or both, as the note says; what a terminal could obey in it is shown as text."""
        if not note.text.isprintable():
            note = replace(note, text=printable_lines(note.text))
        if note.time is None:
            note = replace(note, time=time.time() if self.recorded is None else self.recorded)
        if note.shown:
            self.note = note
        if note.kept:
            self.log.append(note)
            self.logged += 1
