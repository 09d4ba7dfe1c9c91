"""Asks several machines at the same time which runs they have."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

from pydantic import TypeAdapter, ValidationError

from engine.errors import UserError
from engine.service.remote.via import Via, why_it_failed
from engine.service.status import RunStatus

SECONDS = 20.0
"for all of them together; ssh gives up on a machine that is down after 10"
LAST_WORDS_SECONDS = 1.0
_STATUS = TypeAdapter(RunStatus)


@dataclass
class Answer:
    """What a machine says."""

    box: str
    runs: list[RunStatus] = field(default_factory=list)
    problem: str = ""
    "why it says nothing, or not all, in a sentence; empty if it says all"


def ask(ways: Sequence[Via], words: Sequence[str], seconds: float = SECONDS) -> list[Answer]:
    """Have `words`, a program and its arguments, print statuses on each machine; their answers in the same order.

    None of them holds up the others, and all together take no longer than `seconds`.
    """
    questions = [_Question(way, words) for way in ways]
    end = time.monotonic() + seconds
    try:
        for question in questions:
            question.wait(max(end - time.monotonic(), 0.0))
        return [question.answer(seconds) for question in questions]
    finally:
        for question in questions:
            question.close()


class _Question:
    """One machine that is asked."""

    def __init__(self, way: Via, words: Sequence[str]) -> None:
        self._way, self._program = way, words[0]
        self._lines: tuple[list[str], list[str]] = ([], [])
        self._process: subprocess.Popen[str] | None = None
        self._readers: list[threading.Thread] = []
        self._problem = ""
        try:
            # In a session of its own, so that what it has started ends with it.
            self._process = way.start(words, "Not asked", stdin=subprocess.DEVNULL, new_session=True)
        except UserError as error:
            self._problem = error.message
            return
        for stream, lines in zip((self._process.stdout, self._process.stderr), self._lines, strict=True):
            assert stream is not None
            self._readers.append(threading.Thread(target=_collect, args=(stream, lines), daemon=True))
            self._readers[-1].start()

    def wait(self, seconds: float) -> None:
        """Wait for its end."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)

    def answer(self, seconds: float) -> Answer:
        """What it has said so far."""
        found = Answer(self._way.name, problem=self._problem)
        if self._process is None:
            return found
        status = self._process.poll()
        if status is not None:
            for reader in self._readers:  # a connection that ssh keeps open for later may hold its output open, too
                reader.join(LAST_WORDS_SECONDS)
        other = ""
        for line in list(self._lines[0]):
            try:
                found.runs.append(_STATUS.validate_json(line))
            except ValidationError:
                if '"path":' in line:
                    found.problem = "some of its runs cannot be read: finetune-tui there is of another version"
                other = line.strip() or other
        if status is None:
            found.problem = f"no answer within {seconds:g} s"
        elif status != 0:
            errors = [line.strip() for line in list(self._lines[1])]
            found.problem = why_it_failed(errors, other, status, self._program)
        return found

    def close(self) -> None:
        """End it, if it has not ended."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _collect(stream: IO[str], lines: list[str]) -> None:
    while line := stream.readline():
        lines.append(line)
