"""What is wrong with the pictures, found in the background while a person chooses: a process of its own looks."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil
from textual.message import Message

from engine.protocol.printable import printable

NICENESS = 10  # what a person waits for comes first


@dataclass(frozen=True, slots=True)
class Complaint:
    """A finding of `doctor` that is more than a note."""

    severity: str
    message: str


class Diagnosis:
    """Runs `python -m engine doctor`. It is slow and modest: one thread, at a low priority."""

    def __init__(self, words: Sequence[str], report: Callable[["Diagnosis", list[Complaint]], object]) -> None:
        """`words` name the pictures. `report` is called, in a thread, with the complaints, the worst first.

        It is not called if the look fails: that is said elsewhere.
        """
        self._report = report
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine", "doctor", "--json", *words, "--set", "data.threads=1"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
        )
        with contextlib.suppress(psutil.Error):
            psutil.Process(self._process.pid).nice(NICENESS)
        threading.Thread(target=self._read, name="diagnosis", daemon=True).start()

    def end(self) -> None:
        """End the process. What it has measured is kept, and the next look goes on from there."""
        self._process.kill()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            lines = output.readlines()
        if self._process.wait() in (0, 1) and lines and '"verdict"' in lines[-1]:
            self._report(self, complaints(lines))


class Diagnosed(Message):
    """It is known what is wrong with the pictures."""

    def __init__(self, found: Sequence[Complaint]) -> None:
        super().__init__()
        self.found = found


def complaints(lines: Sequence[str]) -> list[Complaint]:
    """The bad findings and the warnings among the lines of `doctor --json`."""
    found = [item for item in map(json.loads, lines) if item["type"] == "finding" and item["severity"] != "note"]
    return [Complaint(item["severity"], item["message"]) for item in found]


def complained(found: Sequence[Complaint], words: Sequence[str]) -> str:
    """The worst complaint, and how to see all of them; empty if there are none."""
    if not found:
        return ""
    more = f"; {len(found) - 1} more" if len(found) > 1 else ""
    place = " ".join(word for word in words if word != "--data")
    return f"{printable(found[0].message)}{more}: finetune-tui doctor {printable(place)}"
