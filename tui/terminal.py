"""The terminal for the screen alone: what native libraries write to the standard streams would tear it."""

import contextlib
import io
import os
import sys
import termios
import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue


class Screen(io.TextIOWrapper):
    """Where Textual writes. What a terminal that went away does not take is dropped."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(os.fdopen(descriptor, "wb"), encoding="utf-8", errors="replace")

    def write(self, text: str) -> int:
        """Write, or drop."""
        with contextlib.suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Send, or drop."""
        with contextlib.suppress(OSError):
            super().flush()

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
