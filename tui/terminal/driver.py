"""The terminal for the screen alone: what native libraries write to the standard streams would tear it."""

import contextlib
import io
import os
import select
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import TYPE_CHECKING, cast

from textual.drivers.linux_driver import LinuxDriver

from tui.terminal.shown import Shown

if TYPE_CHECKING:
    from tui.terminal.ending import EndableApp


class Screen(io.TextIOWrapper):
    """Where Textual writes. What a terminal that went away does not take is dropped, and `broken` is called."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(os.fdopen(descriptor, "wb"), encoding="utf-8", errors="replace")
        self.broken: Callable[[], object] = lambda: None

    def write(self, text: str) -> int:
        """Write, or drop."""
        try:
            return super().write(text)
        except OSError:
            self.broken()
            return len(text)

    def flush(self) -> None:
        """Send, or drop."""
        try:
            super().flush()
        except OSError:
            self.broken()

    def abandon(self) -> None:
        """Send nothing from now on: wakes a write that a terminal which nobody reads has been keeping waiting."""
        with contextlib.suppress(OSError, ValueError, termios.error):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            unread = os.dup(self.fileno())
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            for _ in range(50):  # what waits may be longer than the terminal's room
                termios.tcflush(unread, termios.TCOFLUSH)
                termios.tcsetattr(unread, termios.TCSANOW, termios.tcgetattr(unread))  # tells the write that waits
                time.sleep(0.02)
            os.close(unread)


class TerminalDriver(LinuxDriver):
    """Textual's driver; where the terminal cannot be read any more, it says so instead of breaking the app.

    It sends only the cells that the terminal does not show already.
    """

    _shown_at: object = "not known yet"
    _shown: Shown

    def write(self, data: str) -> None:
        """Send what the terminal does not show."""
        size: os.terminal_size | None = None
        with contextlib.suppress(OSError):
            size = os.get_terminal_size(self.fileno)
        if size != self._shown_at:  # terminals move or cut what they show then
            self._shown_at, self._shown = size, Shown()
        if needed := self._shown.needed(data):
            super().write(needed)

    def run_input_thread(self) -> None:
        """Read keys, until there are none to come."""
        done = threading.Event()
        # The end of a terminal reads as nothing, again and again: it would be read without a pause.
        threading.Thread(target=self._wait_for_the_end, args=(done,), name="hang-up", daemon=True).start()
        try:
            super().run_input_thread()
        except OSError:
            self._hang_up()
        finally:
            done.set()

    def _wait_for_the_end(self, done: threading.Event) -> None:
        ends = select.poll()
        ends.register(self.fileno, 0)  # nothing but the end
        while not done.is_set():
            if ends.poll(500):
                self._hang_up()
                return

    def _sigtstp_application(self, *_: object) -> None:
        """Stay: no key asks for it, and whoever sends it has taken the terminal before it could be left in order."""

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal anew, in which a shell has been since a SIGSTOP.

        Textual would take it twice, and so never give it back; where nothing was stopped, too: `timeout` sends this
        with its SIGTERM.
        """
        app = cast("EndableApp", self._app)
        if self._key_thread is None or self._must_signal_resume or app.leaving or app.ended_by:
            return  # it is not taken yet, is being taken or left
        self._must_signal_resume = True
        self.suspend_application_mode()
        self.resume_application_mode()

    def _hang_up(self) -> None:
        cast("EndableApp", self._app).hang_up()


@contextlib.contextmanager
def own_terminal() -> Iterator["tuple[Screen, SimpleQueue[str]]"]:
    """Give Textual a duplicate of standard output, and let the descriptors 1 and 2 feed a queue of lines."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    before = sys.__stdout__, sys.__stderr__
    screen = Screen(os.dup(1))
    reading, writing = os.pipe()
    stray: SimpleQueue[str] = SimpleQueue()

    def read() -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as pipe:
            for line in pipe:
                stray.put(line.rstrip())

    reader = threading.Thread(target=read, name="stray output", daemon=True)
    # Textual looks for the terminal, and for its size, in these two.
    sys.__stdout__ = sys.__stderr__ = screen  # type: ignore[misc]
    for number in (1, 2):
        os.dup2(writing, number)
    os.close(writing)
    reader.start()
    try:
        yield screen, stray
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.__stdout__, sys.__stderr__ = before  # type: ignore[misc]
        for number, copy in enumerate(saved, 1):
            os.dup2(copy, number)
            os.close(copy)
        reader.join(timeout=1.0)
        with contextlib.suppress(OSError):  # the terminal may have gone away
            screen.close()
