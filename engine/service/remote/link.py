"""A connection to a run: its past and new events come in, commands go out."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from engine import __version__
from engine.errors import EngineError, UserError
from engine.protocol import Behind, Command, Event, Goodbye, Hello, Message, RunFailed, decode
from engine.protocol.wire import VERSION, mismatch
from engine.service.program import command
from engine.service.remote.address import connect
from engine.service.remote.history import MOST_STEPS, read_history
from engine.service.remote.lines import Lines, TooLongError, line
from engine.service.remote.outcome import Outcome
from engine.service.remote.reaching import elsewhere
from engine.storage.journal import LONGEST_LINE

GREETING_SECONDS = 10.0


class Link(Protocol):
    """A connection to a run in another process."""

    def events(self) -> Iterator[Event]:
        """The events of the run, history first, until `RunFinished` or `RunFailed`, or until the link is closed."""

    def send(self, command: Command) -> None:
        """Send a command; never waits."""

    def close(self) -> None:
        """Close the connection, from any thread. The run goes on."""


class SocketLink:
    """A connection to a run on this machine, whose journal this process can read."""

    def __init__(
        self,
        folder: Path,
        watch: bool = True,
        control: bool = True,
        most_steps: int = MOST_STEPS,
        *,
        history: bool = True,
        patience: float = GREETING_SECONDS,
    ) -> None:
        """Connect and greet, for `patience` seconds at most. Without `history`, `events` begins with the next event.

        Raises:
            UserError: no process of this machine trains the run, it does not answer, or it speaks another version of
                the protocol.
        """
        self._folder = folder
        self._most_steps = most_steps
        self._history = history
        self._control = control
        self._closed = False
        self._outcome = Outcome()
        self._parts = Lines(LONGEST_LINE)
        self._ready: list[str] = []
        try:
            self._socket = connect(folder, patience)
        except OSError as error:
            raise UserError("Not attached", f"{folder}: {_why_not(error, folder)}") from None
        answer = self._greet(Hello(VERSION, __version__, watch=watch, control=control))
        if not isinstance(answer, Hello):
            self._socket.close()
            raise UserError("Not attached", f"{folder}: {answer}")
        self._greeting = answer
        self._socket.settimeout(None)

    @property
    def begun(self) -> bool:
        """Whether the run was at the end of its journal when it greeted; otherwise it was still loading."""
        return self._greeting.begun

    def events(self) -> Iterator[Event]:
        """The events of the run, history first."""
        yield from self._followed(self._received())
        if self._outcome.begun and self._is_lost():  # the journal may have an end that was not sent in time
            yield from self._followed(self._read_history())
        if self._is_lost():
            remedy = f"go on from its last checkpoint with {command('--resume', self._folder)}"
            yield RunFailed("Run lost", f"the process that trained it ended without a word; {remedy}")

    def send(self, command: Command) -> None:
        """Send a command. It is dropped if the run takes no more, or if this link only watches."""
        if not self._control:
            return
        with contextlib.suppress(OSError):
            self._socket.send(line(command), socket.MSG_DONTWAIT)

    def close(self) -> None:
        """Close the connection; the run goes on."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _read_history(self, until: int | None = None, current: bool = True) -> Iterator[Event]:
        if self._history:
            yield from read_history(self._folder, until, current, self._most_steps)

    def _is_lost(self) -> bool:
        """Whether the events ended, but neither the run nor this link was ended."""
        return not self._outcome.ended and not self._closed

    def _greet(self, ours: Hello) -> Hello | str:
        """The run's greeting, or why there is none."""
        with contextlib.suppress(OSError):  # the run may have refused this process and said why
            self._socket.sendall(line(ours))
        try:
            answer = self._next()
        except (OSError, EngineError):
            answer = None
        match answer:
            case Hello(version=ours.version):
                return answer
            case Hello():
                return mismatch(run=answer, viewer=ours)
            case Goodbye():
                return answer.reason
        return "its process does not answer"

    def _followed(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            self._outcome.update(event)
            yield event

    def _received(self) -> Iterator[Event]:
        yield from self._read_history(self._greeting.journal, self._greeting.begun)
        while (message := self._next_readable()) is not None:
            if isinstance(message, Behind):
                yield from self._read_history(message.journal, message.begun)
            elif isinstance(message, Goodbye):
                yield RunFailed("Sent away", message.reason, 2)
                return
            elif isinstance(message, Event):
                yield message

    def _next_readable(self) -> Message | None:
        """The next message that can be decoded, `None` when the connection has ended."""
        while True:
            try:
                return self._next()
            except OSError:
                return None
            except EngineError:
                continue

    def _next(self) -> Message | None:
        """The next message, `None` when the run has closed the connection.

        Raises:
            OSError: the connection is broken.
            EngineError: the next line is no message.
        """
        while not self._ready:
            data = self._socket.recv(1 << 18)
            if not data:
                return None
            try:
                self._ready = self._parts.feed(data)[::-1]
            except TooLongError:
                return None
        return decode(self._ready.pop())


def _why_not(error: OSError, folder: Path) -> str:
    match error:
        case FileNotFoundError() | ConnectionRefusedError():
            return elsewhere(folder) or "no process of this machine trains it"
        case BlockingIOError() | TimeoutError():
            return "its process does not answer"
    return error.strerror or str(error)
