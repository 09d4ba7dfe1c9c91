"""The run's end of one connection: the commands that come in, the events that go out, and why it is closed."""

import contextlib
import socket
import time
from collections.abc import Iterator

from engine.errors import EngineError
from engine.protocol import Behind, Command, Goodbye, Hello, Message, decode
from engine.protocol.wire import mismatch
from engine.service.remote.address import user_of
from engine.service.remote.backlog import Backlog
from engine.service.remote.lines import Lines, TooLongError, line
from engine.service.remote.watchers import Watchers

LONGEST = 4096  # bytes of a line; a command has some hundred
READ_AT_ONCE, SENT_AT_ONCE = 4096, 1 << 16  # bytes
PATIENCE = 10.0  # seconds for the first line
COMMAND_SECONDS = 0.01  # without reading after each command: nobody types faster, and each costs training time


class DisconnectError(Exception):
    """The connection is to be closed, for a reason; without a reason the client has closed it."""


class Client:
    """A connection to one process. No call waits for it."""

    def __init__(self, connection: socket.socket, watchers: Watchers) -> None:
        self.connection = connection
        self.hello: Hello | None = None
        self.backlog: Backlog | None = None
        self._watchers = watchers
        self._connected = time.monotonic()
        self._silent_until = 0.0
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
    def has_output(self) -> bool:
        """Whether bytes wait until the connection takes them."""
        return bool(self._out)

    @property
    def throttled(self) -> bool:
        """Whether to read nothing from it for a moment, because many commands came."""
        return time.monotonic() < self._silent_until

    def check(self) -> None:
        """Raise `DisconnectError` if the greeting is overdue."""
        if self.hello is None and time.monotonic() - self._connected > PATIENCE:
            raise DisconnectError(f"it has not greeted for {PATIENCE:.0f} s")

    def receive(self) -> Iterator[Command]:
        """The commands that have arrived.

        Raises:
            DisconnectError: it sent something else, or closed the connection.
        """
        try:
            data = self.connection.recv(READ_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise self._closed()
        commands = 0
        for command in self.parse(data):
            yield command
            commands += 1
        self._silent_until = time.monotonic() + commands * COMMAND_SECONDS

    def parse(self, data: bytes) -> Iterator[Command]:
        """The commands in the bytes that it sent.

        Raises:
            DisconnectError: they hold something else.
        """
        try:
            lines = self._lines.feed(data)
        except TooLongError:
            raise DisconnectError(f"a line of more than {LONGEST} bytes") from None
        for text in lines:
            message = self._read(text)
            if self.hello is None:
                self._greet(message)
            elif not isinstance(message, Command):
                raise DisconnectError(f"{text[:40]!a} is no command")
            elif not self.hello.control:
                raise DisconnectError("a command from one that only watches")
            else:
                yield message

    def send(self) -> None:
        """Send waiting events, as many as the connection takes."""
        while True:
            if len(self._out) < SENT_AT_ONCE:
                self._fill()
            if not self._out:
                return
            try:
                sent = self.connection.send(self._out)
            except BlockingIOError:
                return
            except OSError:  # it has closed the connection; commands it sent before are still read
                self._out.clear()
                self._stop_watching()
                return
            del self._out[:sent]

    def disconnect(self, reason: str = "") -> None:
        """Close the connection; the reason is sent first if it can be sent at once."""
        self._stop_watching()
        with contextlib.suppress(OSError):
            if reason:
                self.connection.send(self._out + line(Goodbye(reason)))
        self.connection.close()

    def _stop_watching(self) -> None:
        if self.backlog is not None:
            self._watchers.remove(self.backlog)
            self.backlog = None

    def _closed(self) -> DisconnectError:
        return DisconnectError("it left in the middle of a line" if self._lines.incomplete else "")

    def _read(self, text: str) -> Message:
        try:
            return decode(text, foreign=True)
        except EngineError:
            raise DisconnectError(f"{text[:40]!a} is no message") from None

    def _greet(self, message: Message) -> None:
        if not isinstance(message, Hello):
            raise DisconnectError("its first line is no greeting")
        ours = self._watchers.hello()
        if message.version != ours.version:
            raise DisconnectError(mismatch(run=ours, viewer=message))
        self.hello = message
        if message.watch:
            self.backlog = Backlog()
            ours = self._watchers.add(self.backlog)
        self._out += line(ours)

    def _fill(self) -> None:
        if self.backlog is None:
            return
        for event in self.backlog.take(100):
            self._out += line(event)
        if not self._out and (now := self._watchers.resync(self.backlog)):
            self._out += line(Behind(now.journal, now.begun))
