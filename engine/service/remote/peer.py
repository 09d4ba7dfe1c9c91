"""One connection to a run's socket: what it sends, what it is sent, and why it is sent away."""

import contextlib
import socket
import time
from collections.abc import Iterator

from engine.errors import EngineError
from engine.protocol import Behind, Command, Goodbye, Hello, Message, decode
from engine.protocol.wire import mismatch
from engine.service.remote.address import user_of
from engine.service.remote.audience import Audience
from engine.service.remote.backlog import Backlog
from engine.service.remote.lines import Lines, TooLongError, line

LONGEST = 4096  # bytes of a line; a command has some hundred
READ_AT_ONCE, SENT_AT_ONCE = 4096, 1 << 16  # bytes
PATIENCE = 10.0  # seconds for the first line
COMMAND_SECONDS = 0.01  # of rest for each: nobody types faster, and each of them costs training time


class LeavingError(Exception):
    """The peer is to be sent away, for a reason; none: it left."""


class Peer:
    """Talks to one process. No call waits for it."""

    def __init__(self, connection: socket.socket, audience: Audience) -> None:
        self.connection = connection
        self.hello: Hello | None = None
        self.backlog: Backlog | None = None
        self._audience = audience
        self._came = time.monotonic()
        self._rests_until = 0.0
        self._lines = Lines(LONGEST)
        self._out = bytearray()
        connection.setblocking(False)

    def __str__(self) -> str:
        try:
            process, user = user_of(self.connection)
        except OSError:
            return "somebody"
        return f"process {process} of user {user}" if process else f"a process of user {user}"

    @property
    def sending(self) -> bool:
        """Whether there is something for it that can be sent when the connection takes it."""
        return bool(self._out)

    @property
    def rests(self) -> bool:
        """Whether nothing is to be read from it for a while, so many commands have come."""
        return time.monotonic() < self._rests_until

    def check(self) -> None:
        """Raise `LeavingError` where it should have said who it is by now."""
        if self.hello is None and time.monotonic() - self._came > PATIENCE:
            raise LeavingError(f"it has not greeted for {PATIENCE:.0f} s")

    def receive(self) -> Iterator[Command]:
        """The commands that have come.

        Raises:
            LeavingError: it sent something else, or left.
        """
        try:
            data = self.connection.recv(READ_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise self._left()
        commands = 0
        for command in self.take(data):
            yield command
            commands += 1
        self._rests_until = time.monotonic() + commands * COMMAND_SECONDS

    def take(self, data: bytes) -> Iterator[Command]:
        """The commands in what it sent.

        Raises:
            LeavingError: there is something else in it.
        """
        try:
            lines = self._lines.feed(data)
        except TooLongError:
            raise LeavingError(f"a line of more than {LONGEST} bytes") from None
        for text in lines:
            message = self._read(text)
            if self.hello is None:
                self._greet(message)
            elif not isinstance(message, Command):
                raise LeavingError(f"{text[:40]!a} is no command")
            elif not self.hello.control:
                raise LeavingError("a command from one that only watches")
            else:
                yield message

    def send(self) -> None:
        """Hand over what there is, as far as the connection takes it."""
        while True:
            if len(self._out) < SENT_AT_ONCE:
                self._fill()
            if not self._out:
                return
            try:
                sent = self.connection.send(self._out)
            except BlockingIOError:
                return
            except OSError:  # it has hung up: what it asked for before is still read, up to its end
                self._out.clear()
                self._forget()
                return
            del self._out[:sent]

    def part(self, reason: str = "") -> None:
        """Send it away with a last word, if it can be sent at once."""
        self._forget()
        with contextlib.suppress(OSError):
            if reason:
                self.connection.send(self._out + line(Goodbye(reason)))
        self.connection.close()

    def _forget(self) -> None:
        """Tell it nothing more."""
        if self.backlog is not None:
            self._audience.leave(self.backlog)
            self.backlog = None

    def _left(self) -> LeavingError:
        return LeavingError("it left in the middle of a line" if self._lines.torn else "")

    def _read(self, text: str) -> Message:
        try:
            return decode(text)
        except EngineError:
            raise LeavingError(f"{text[:40]!a} is no message") from None

    def _greet(self, message: Message) -> None:
        if not isinstance(message, Hello):
            raise LeavingError("its first line is no greeting")
        ours = self._audience.hello()
        if message.version != ours.version:
            raise LeavingError(mismatch(run=ours, viewer=message))
        self.hello = message
        if message.watch:
            self.backlog = Backlog()
            ours = self._audience.join(self.backlog)
        self._out += line(ours)

    def _fill(self) -> None:
        if self.backlog is None:
            return
        for event in self.backlog.take(100):
            self._out += line(event)
        if not self._out and (now := self._audience.catch_up(self.backlog)):
            self._out += line(Behind(now.journal, now.begun))
