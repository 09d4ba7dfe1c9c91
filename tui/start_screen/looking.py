"""What a run would train on, and how long it would take. A process of its own finds out: only that loads torch."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from engine.cli.preview import ClassCount, Estimate, Pictures
from engine.data.samples import LeftOut
from engine.errors import EngineError, UserError
from engine.protocol.printable import printable

Found = Pictures | Estimate | EngineError


class Look:
    """Runs `python -m engine look`."""

    def __init__(self, words: Sequence[str], report: Callable[["Look", Found], object]) -> None:
        """`report` is called, in a thread, with what is found, or with the error."""
        self._report = report
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine", "look", "--json", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        threading.Thread(target=self._read, name="look", daemon=True).start()

    def end(self) -> None:
        """End the process."""
        self._process.kill()  # then the thread that reads it ends, too

    def _read(self) -> None:
        assert self._process.stdout is not None and self._process.stderr is not None
        with self._process.stdout as output, self._process.stderr as errors:
            for line in output:
                self._report(self, parse(line))
            said = errors.read()
        if status := self._process.wait():
            self._report(self, _failure(status, said))


def parse(line: str) -> Pictures | Estimate:
    """A line of `look --json`, with the names of classes as they are shown."""
    fields: dict[str, Any] = json.loads(line)
    if fields.pop("type") == "estimate":
        return Estimate(frozen=tuple(fields.pop("frozen")), **fields)
    classes = tuple(ClassCount(**item | {"name": printable(item["name"])}) for item in fields.pop("classes"))
    samples, notes = tuple(fields.pop("samples")), tuple(map(printable, fields.pop("notes")))
    left_out = tuple(LeftOut(**item) for item in fields.pop("left_out"))
    return Pictures(classes=classes, samples=samples, notes=notes, left_out=left_out, **fields)


def _failure(status: int, said: str) -> EngineError:
    """Why the process failed, from its last line of output."""
    title, _, message = (said.strip().splitlines() or [f"status {status}"])[-1].partition(": ")
    kind = UserError if status == UserError.exit_status else EngineError
    return kind(title, message) if message else kind("No estimate", title)
