"""A run on another machine, over the user's own ssh. No port is opened, and neither side needs anything else."""

import contextlib
import os
import shlex
import subprocess
import threading
from collections import deque
from collections.abc import Iterator

from engine.errors import EngineError, UserError
from engine.protocol import Command, Event, Hello, Message, RunFailed, decode
from engine.protocol.wire import VERSION
from engine.service.remote.lines import line
from engine.service.remote.outcome import Outcome

SSH = (
    *("ssh", "-T", "-C"),
    *("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"),  # a dead connection is noticed within a minute
)


class SshLink:
    """A connection by `ssh BOX finetune-tui relay RUN`. If ssh asks for a password, it does so before this returns."""

    def __init__(self, box: str, run: str, *, read_only: bool, program: str, directory: str | None) -> None:
        """Connect.

        Raises:
            UserError: ssh or the program at the other end fails, there is no such run, or the versions differ.
        """
        if not box or box.startswith("-"):
            raise UserError("Not attached", f"`{box}:{run}` names no machine; use BOX:RUN, with BOX as ssh knows it")
        words = [program, "relay", *([run] if run else [])]
        words += ["--read-only"] if read_only else []
        words += ["--dir", directory] if directory is not None else []
        self._box = box
        self._closed = False
        self._errors: deque[str] = deque(maxlen=20)
        self._other_output = ""
        try:
            self._ssh = subprocess.Popen(
                [*SSH, box, shlex.join(words)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise UserError("Not attached", f"ssh cannot be started: {error.strerror}; install it") from None
        self._listener = threading.Thread(target=self._listen, name="ssh", daemon=True)
        self._listener.start()
        greeting = self._next()
        if not isinstance(greeting, Hello) or greeting.version != VERSION:
            self._ssh.terminate()
            self._listener.join(timeout=5.0)
            raise UserError("Not attached", f"{box}: {self._why(greeting)}")
        assert self._ssh.stdin is not None
        os.set_blocking(self._ssh.stdin.fileno(), False)
        self._errors.clear()  # a warning about an unknown host does not explain a later failure

    def events(self) -> Iterator[Event]:
        """The events of the run, history first."""
        outcome = Outcome()
        while (message := self._next()) is not None:
            if isinstance(message, Event):
                outcome.update(message)
                yield message
        if not self._closed and not outcome.ended:
            self._listener.join(timeout=5.0)
            why = self._errors[-1] if self._errors else "ssh ended"
            yield RunFailed("Connection lost", f"{self._box}: {why}; the run goes on, attach to it again")

    def send(self, command: Command) -> None:
        """Send a command."""
        assert self._ssh.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # the connection is full or closed; the command is lost
            os.write(self._ssh.stdin.fileno(), line(command))

    def close(self) -> None:
        """Close the connection; the run goes on."""
        self._closed = True
        self._ssh.terminate()

    def _next(self) -> Message | None:
        """The next message, `None` at the end. Other lines, such as those of a shell's start-up files, are skipped."""
        assert self._ssh.stdout is not None
        for text in self._ssh.stdout:
            try:
                return decode(text)
            except EngineError:
                self._other_output = text.strip() or self._other_output
        return None

    def _listen(self) -> None:
        """Collect the error messages of ssh and the program, which would spoil the screen."""
        assert self._ssh.stderr is not None
        self._errors.extend(text.strip() for text in self._ssh.stderr if text.strip())

    def _why(self, greeting: Message | None) -> str:
        if isinstance(greeting, Hello):
            return f"finetune-tui {greeting.program} there speaks another version of the protocol; use the same one"
        if self._errors:
            return self._errors[-1].removeprefix("Not attached: ")
        said = f" (but it says: {self._other_output})" if self._other_output else ""
        return f"no finetune-tui answers there{said}; see --program"
