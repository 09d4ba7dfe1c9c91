"""Standard streams that may fail, because a reader has gone away or the disk under a redirected file is full."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TextIO

from engine.errors import EngineError
from engine.protocol.printable import printable, printable_lines


class Output(Protocol):
    """What `print` needs of a stream, and whether it is a terminal."""

    def write(self, text: str, /) -> object:
        """Write text."""

    def flush(self) -> object:
        """Pass on what has been written."""

    def isatty(self) -> bool:
        """Whether a person reads it."""


class Stream:
    """A standard stream. At its first failure it calls `failed`, and discards what is written from then on."""

    def __init__(self, stream: TextIO | None, failed: Callable[[OSError], None]) -> None:
        """`stream` is `None` if the process was started without it."""
        self._stream = stream
        self._failed = failed

    def write(self, text: str, /) -> None:
        """Write text."""
        with self._guarded() as stream:
            if stream is not None:
                stream.write(text)

    def flush(self) -> None:
        """Pass on what has been written."""
        with self._guarded() as stream:
            if stream is not None:
                stream.flush()

    def isatty(self) -> bool:
        """Whether a person reads it."""
        return self._stream is not None and self._stream.isatty()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[TextIO | None]:
        try:
            yield self._stream
        except OSError as error:
            assert self._stream is not None
            # The stream's buffer is flushed to it when the process ends.
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self._stream.fileno())
            os.close(nothing)
            self._stream = None
            self._failed(error)


def print_lines(lines: Iterable[str]) -> None:
    """Print an answer, as far as the reader wants it; what a terminal could obey is shown as text.

    Raises:
        EngineError: the output cannot be written.
    """
    print("".join(f"{printable(line)}\n" for line in lines), end="", file=Stream(sys.stdout, output_failed), flush=True)


def say(text: str, stream: Output | None = None) -> None:
    """Print a message for people, of one line or several, to standard error or to `stream`; the same is shown."""
    print(printable_lines(text), file=sys.stderr if stream is None else stream, flush=True)


def say_error(error: EngineError) -> None:
    """Print to standard error why something is not done."""
    say(f"{error.title}: {error.message}")


def output_failed(error: OSError) -> None:
    """What to do when standard output cannot be written: nothing if its reader has gone away.

    Raises:
        EngineError: it failed for another reason.
    """
    if not isinstance(error, BrokenPipeError):
        raise EngineError("Output not written", f"standard output: {error.strerror}; write it elsewhere")
