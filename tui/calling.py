"""Asks a process of its own to do a subcommand of the engine, so that the screen loads no torch."""

import subprocess
import sys
from dataclasses import dataclass

from engine.protocol.printable import printable


@dataclass(frozen=True, slots=True)
class Done:
    """How a subcommand ended, with what it wrote: text from outside, line by line."""

    status: int
    said: tuple[str, ...]
    "lines of standard output"
    messages: tuple[str, ...]
    "lines of standard error"

    @property
    def reason(self) -> str:
        """The last message, which says why it failed."""
        return printable(self.messages[-1]) if self.messages else f"it ended with the status {self.status}"


class Call:
    """A subcommand. `wait` may be called in a thread; `stop` ends it from another one."""

    def __init__(self, *words: str) -> None:
        """`words` are the subcommand and its arguments."""
        self.words = words
        self._process: subprocess.Popen[str] | None = None

    def wait(self) -> Done:
        """Start it, and wait for its end."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine", *self.words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        said, messages = self._process.communicate()
        return Done(self._process.returncode, tuple(said.splitlines()), tuple(messages.splitlines()))

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
