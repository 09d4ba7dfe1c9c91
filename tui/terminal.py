"""The terminal for the screen alone: what native libraries write to the standard streams would tear it."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from queue import SimpleQueue


@contextlib.contextmanager
def own_terminal() -> Iterator["SimpleQueue[str]"]:
    """Give Textual a duplicate of standard output, and let the descriptors 1 and 2 feed a queue of lines."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    before = sys.__stdout__, sys.__stderr__
    screen = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
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
        yield stray
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
