"""A run on another machine, over a command that connects to it. No port is opened, and neither side needs more."""

import contextlib
import os
import subprocess
import threading
from collections import deque
from collections.abc import Iterator

from engine.errors import EngineError, UserError
from engine.protocol import Command, Event, Hello, Message, RunFailed, decode
from engine.protocol.wire import VERSION
from engine.service.remote.lines import line
from engine.service.remote.outcome import Outcome
from engine.service.remote.via import Via, why_it_failed

LAST_WORDS_SECONDS = 5.0


class RelayLink:
    """A connection by `finetune-tui relay RUN` there. If ssh asks for a password, it does so before this returns."""

    def __init__(self, via: Via, run: str, *, read_only: bool, program: str, directory: str | None) -> None:
        """Connect.

        Raises:
            UserError: the command or the program at the other end fails, there is no such run, or the versions differ.
        """
        words = [program, "relay", *([run] if run else [])]
        words += ["--read-only"] if read_only else []
        words += ["--dir", directory] if directory is not None else []
        self._name, self._program = via.name, program
        self._closed = False
        self._errors: deque[str] = deque(maxlen=20)
        self._other_output = ""
        self._process = via.start(words, "Not attached", stdin=subprocess.PIPE)
        self._listener = threading.Thread(target=self._listen, name="relay errors", daemon=True)
        self._listener.start()
        greeting = self._next()
        if not isinstance(greeting, Hello) or greeting.version != VERSION:
            raise UserError("Not attached", f"{via.name}: {self._why(greeting)}")
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self._errors.clear()  # a warning about an unknown host does not explain a later failure

    def events(self) -> Iterator[Event]:
        """The events of the run, history first."""
        outcome = Outcome()
        while (message := self._next()) is not None:
            if isinstance(message, Event):
                outcome.update(message)
                yield message
        if not self._closed and not outcome.ended:
            self._listener.join(LAST_WORDS_SECONDS)
            why = self._errors[-1] if self._errors else "the connection has ended"
            yield RunFailed("Connection lost", f"{self._name}: {why}; the run goes on, attach to it again")

    def send(self, command: Command) -> None:
        """Send a command."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # the connection is full or closed; the command is lost
            os.write(self._process.stdin.fileno(), line(command))

    def close(self) -> None:
        """Close the connection; the run goes on."""
        self._closed = True
        self._process.terminate()

    def _next(self) -> Message | None:
        """The next message, `None` at the end. Other lines, such as those of a shell's start-up files, are skipped."""
        assert self._process.stdout is not None
        for text in self._process.stdout:
            try:
                return decode(text)
            except EngineError:
                self._other_output = text.strip() or self._other_output
        return None

    def _listen(self) -> None:
        """Collect the error messages of the command and the program, which would spoil the screen."""
        assert self._process.stderr is not None
        self._errors.extend(text.strip() for text in self._process.stderr if text.strip())

    def _why(self, greeting: Message | None) -> str:
        """Why the other end has not greeted as it should."""
        status = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            if greeting is None:  # its output has ended, so it ends, and says why
                status = self._process.wait(LAST_WORDS_SECONDS)
        self._process.terminate()
        self._listener.join(LAST_WORDS_SECONDS)
        if isinstance(greeting, Hello):
            return f"finetune-tui {greeting.program} there speaks another version of the protocol; use the same one"
        return why_it_failed(self._errors, self._other_output, status, self._program)
