"""Keeps the terminal for the screen: what native libraries write to the standard streams would spoil it."""

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

from tui.terminal import job
from tui.terminal.shown import Shown

if TYPE_CHECKING:
    from tui.terminal.ending import EndableApp

LOOK_SECONDS = 0.05  # between two looks at whether a suspended job has its terminal again


class Screen(io.TextIOWrapper):
    """Where Textual writes. If the terminal has gone away, the text is dropped and `broken` is called."""

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
        """Send nothing from now on. A write that waits because nobody reads the terminal returns."""
        with contextlib.suppress(OSError, ValueError, termios.error):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            unread = os.dup(self.fileno())
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            for _ in range(50):  # more may be waiting than the buffer of the terminal holds
                termios.tcflush(unread, termios.TCOFLUSH)
                termios.tcsetattr(unread, termios.TCSANOW, termios.tcgetattr(unread))  # wakes the write that waits
                time.sleep(0.02)
            os.close(unread)


class TerminalDriver(LinuxDriver):
    """Textual's driver, which sends only the cells that the terminal does not show already.

    Where the terminal cannot be read any more, it hangs up instead of breaking the app.
    """

    _shown_at: object = "not known yet"
    _shown: Shown
    _suspended = False
    _continued = False

    def write(self, data: str) -> None:
        """Send what the terminal does not show already; nothing while it is the shell's."""
        if self._suspended:
            return
        size: os.terminal_size | None = None
        with contextlib.suppress(OSError):
            size = os.get_terminal_size(self.fileno)
        if size != self._shown_at:  # a terminal of another size moves or cuts what it shows
            self._shown_at, self._shown = size, Shown()
        if needed := self._shown.needed(data):
            super().write(needed)

    def signal(self, codes: str) -> None:
        """Send codes that leave the cells and the cursor as they are, such as a title; not within a frame."""
        super().write(codes)

    def run_input_thread(self) -> None:
        """Read keys until the terminal goes away."""
        done = threading.Event()
        # A terminal that has gone away reads as empty at once: Textual would read it again and again without a pause.
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
        """Ignore it: no key sends it, and its sender has already taken the terminal, so it cannot be restored."""

    def stop_application_mode(self) -> None:
        """Give the terminal back, empty: tmux 3.3 keeps rows of the screen if it has grown meanwhile."""
        if self._suspended:
            return
        self.write("\x1b[2J\x1b[H")
        super().stop_application_mode()

    def disable_input(self) -> None:
        """Read no more keys."""
        if not self._suspended:  # whoever touches the terminal of another job is stopped
            super().disable_input()

    def suspend_job(self, said: str, continued: Callable[[], None]) -> None:
        """Give the terminal back, say a line there, and stop the job; return when it has the terminal again.

        `continued` is called as soon as it goes on, in the background, too. It also returns when the app is to end.
        """
        app = cast("EndableApp", self._app)
        self.suspend_application_mode()
        self._suspended, self._continued = True, False
        os.write(self.fileno, f"{said}\n".encode())  # standard input is the terminal, too
        job.stop()
        # The stop may come a moment after the call.
        while not (self._continued or app.ended_by):
            time.sleep(LOOK_SECONDS)
        continued()
        try:
            while not (app.ended_by or job.in_front(self.fileno)):
                time.sleep(LOOK_SECONDS)
        except OSError:
            self._hang_up()
        if app.ended_by:
            return  # the terminal stays the shell's
        self._suspended = False
        self.resume_application_mode()

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal again: a shell has used it since a SIGSTOP.

        Textual would take it twice, and so never give it back, even where nothing was stopped: `timeout` sends this
        signal together with its SIGTERM.
        """
        app = cast("EndableApp", self._app)
        self._continued = True
        if self._suspended:
            return  # `suspend_job` takes it
        if self._key_thread is None or self._must_signal_resume or app.leaving or app.ended_by:
            return  # it is not taken yet, or is being taken or left
        self._must_signal_resume = True
        self.suspend_application_mode()
        self.resume_application_mode()

    def _hang_up(self) -> None:
        cast("EndableApp", self._app).hang_up()


@contextlib.contextmanager
def own_terminal() -> Iterator["tuple[Screen, SimpleQueue[str]]"]:
    """Give Textual a duplicate of standard output; what is written to descriptors 1 and 2 goes to a queue of lines."""
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
    # Textual finds the terminal and its size through these two.
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
