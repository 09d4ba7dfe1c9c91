"""The bell, notifications on the desktop, and the title of the window, as bytes for the terminal.

Sources: ECMA-48 for BEL and OSC; "XTerm Control Sequences" of T. Dickey for OSC 2 and XTWINOPS 22 and 23; the manuals
of iTerm2 for OSC 9 and of urxvt's extension `notify` for OSC 777.
"""

import time
from collections.abc import Callable

from engine.protocol.printable import printable
from tui.terminal.abilities import Abilities

BELL, OSC, END = "\x07", "\x1b]", "\x1b\\"
SAVE_TITLE, RESTORE_TITLE = "\x1b[22;0t", "\x1b[23;0t"
TITLE_SECONDS = 5.0  # at least, between two titles: a line may be paid for by the byte
LONGEST = 120  # characters of a title or a notification
PROGRAM = "finetune-tui"


class Signals:
    """Sends what the terminal understands, and nothing else."""

    def __init__(
        self, able: Abilities, send: Callable[[str], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`send` writes to the terminal between two frames."""
        self._able, self._send, self._clock = able, send, clock
        self._title, self._titled = "", -TITLE_SECONDS

    def title(self, text: str) -> None:
        """Name the window, if its name has changed and was not changed just now. The first time its own one is kept."""
        text, now = _plain(text), self._clock()
        if not self._able.title or text == self._title or now - self._titled < TITLE_SECONDS:
            return
        keep = "" if self._title else SAVE_TITLE
        self._title, self._titled = text, now
        self._send(f"{keep}{OSC}2;{text}{END}")

    def attention(self, text: str) -> None:
        """Ring, and show a text on the desktop."""
        shown = {
            "": "",
            "9": f"{OSC}9;{PROGRAM}: {_plain(text)}{END}",
            "777": f"{OSC}777;notify;{PROGRAM};{_plain(text)}{END}",
        }
        if told := (BELL if self._able.bell else "") + shown[self._able.notify]:
            self._send(told)

    def end(self) -> None:
        """Give the window its own name back."""
        if self._title:
            self._title = ""
            self._send(RESTORE_TITLE)


def _plain(text: str) -> str:
    """The text on one line, without anything that a terminal could obey."""
    return printable(text)[:LONGEST]
