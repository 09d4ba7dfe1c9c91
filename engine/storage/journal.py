"""The journal of a run, which is the truth of what happened: how it is written, and how it is read."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from engine.errors import CheckpointError, EngineError
from engine.protocol import (
    Arm,
    Command,
    ControlFailed,
    Evaluating,
    Event,
    HistoryBegins,
    HistoryEnds,
    JournalFailed,
    Loading,
    Message,
    PeerRefused,
    Preparing,
    RestorePoints,
    SystemSample,
    Watching,
    decode,
    encode,
    kind_name,
)
from engine.storage.run_folder import not_writable

JOURNAL = "journal.jsonl"
LONGEST_LINE = 1 << 26  # bytes; a run with very many classes or restore points has long ones
STEP = b'{"type": "train_step"'  # how most lines of a journal begin
CONFUSION = b'{"type": "confusion"'  # how its longest ones do

# What only says that something is under way is not worth keeping.
NOT_JOURNALED = (
    *(Loading, Preparing, Evaluating, RestorePoints, SystemSample),
    *(HistoryBegins, HistoryEnds, Watching, PeerRefused, ControlFailed),
)


class Position(NamedTuple):
    """A place between two steps of an arm: `change` counts what else has happened to its state there and before."""

    arm: Arm
    branch: int
    step: int
    change: int


class Journal:
    """Appends every event, and every command with the step it took effect at, a line of JSON each.

    What cannot be written is left out, and `failure` says so once: training is worth more than its record.
    """

    def __init__(self, folder: Path) -> None:
        """Raises `UserError` where the journal cannot be opened."""
        self.folder = folder
        self._failure: JournalFailed | None = None
        self._told = False
        try:
            path = folder / JOURNAL
            torn = _is_torn(path)
            self._file: TextIO = path.open("a", encoding="utf-8")
        except OSError as error:
            raise not_writable(folder, error) from None
        if torn:  # by a crash: the next line must not be lost with it
            self._write("")

    def event(self, event: Event) -> None:
        """Record an event."""
        if not isinstance(event, NOT_JOURNALED):
            self._write(encode(event, at=time.time()))

    def command(self, command: Command, at: Position) -> None:
        """Record a command and where it took effect."""
        place: dict[str, float | str] = {f"at_{name}": value for name, value in at._asdict().items()}
        self._write(encode(command, at=time.time(), **place))

    def failure(self) -> JournalFailed | None:
        """What could not be written, the first time it is asked for."""
        if self._told or self._failure is None:
            return None
        self._told = True
        return self._failure

    def close(self) -> None:
        """Close the file; nothing is recorded after that."""
        with contextlib.suppress(OSError):  # the lines it could not write have been told
            self._file.close()

    def _write(self, line: str) -> None:
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            self.failed(self.folder / JOURNAL, error)

    def failed(self, path: Path, error: OSError) -> None:
        """Take note that a file of the run's record cannot be written."""
        if self._failure is None:
            reason = f"{path}: {error.strerror or error}; training goes on, its record has gaps"
            self._failure = JournalFailed(str(path), reason)


class Unrecorded(Journal):
    """The journal of a process whose record another one keeps."""

    def __init__(self) -> None:
        self.folder = Path()

    def event(self, event: Event) -> None:
        """Not recorded here."""

    def command(self, command: Command, at: Position) -> None:
        """Not recorded here."""

    def failure(self) -> None:
        """Nothing is written, nothing fails."""

    def close(self) -> None:
        """There is no file."""


def size_of(journal: Path) -> int:
    """Bytes of a journal's file; 0 where there is none yet."""
    try:
        return journal.stat().st_size
    except OSError:
        return 0


class Record(NamedTuple):
    """A line of a journal."""

    message: Message
    time: float
    at: Position | None
    "of a command: where it took effect"


def read_journal(folder: Path) -> Iterator[Message]:
    """The events and commands of a run, oldest first; what a crash left of a line is left out.

    Raises:
        CheckpointError: the journal cannot be read.
    """
    return (record.message for record in read_records(folder))


def read_records(folder: Path) -> Iterator[Record]:
    """The same, with the time of each line and where commands took effect.

    Raises:
        CheckpointError: the journal cannot be read.
    """
    for line in read_lines(folder):
        # The steps after a torn line were recorded again.
        with contextlib.suppress(EngineError, KeyError, TypeError, ValueError):
            yield _record(line.decode(errors="replace"))


def read_events(folder: Path, kinds: tuple[type[Event], ...]) -> Iterator[Event]:
    """The events of some kinds, oldest first. Nothing else is decoded, and a line that cannot be read is left out.

    Raises:
        CheckpointError: the journal cannot be read.
    """
    beginnings = tuple(f'{{"type": "{kind_name(kind)}"'.encode() for kind in kinds)
    for line in read_lines(folder):
        if line.startswith(beginnings):
            with contextlib.suppress(EngineError):
                message = decode(line.decode(errors="replace"))
                assert isinstance(message, Event)
                yield message


def read_lines(folder: Path, until: int | None = None) -> Iterator[bytes]:
    """The lines in the first `until` bytes of a journal, as they are; one too long to be the journal's ends them.

    Raises:
        CheckpointError: the journal cannot be read.
    """
    path, read = folder / JOURNAL, 0
    try:
        if path.is_char_device() or path.is_fifo():
            return  # what was put in its place has no end
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE):
                read += len(line)
                if (until is not None and read > until) or len(line) == LONGEST_LINE:
                    return
                yield line
    except FileNotFoundError:
        return
    except OSError as error:
        raise CheckpointError("Journal not read", f"{path}: {error.strerror}") from None


def _record(line: str) -> Record:
    message, fields = decode(line), json.loads(line)
    at = None
    if isinstance(message, Command):
        at = Position(fields["at_arm"], *(int(fields[f"at_{name}"]) for name in ("branch", "step", "change")))
    return Record(message, float(fields["at"]), at)


def _is_torn(path: Path) -> bool:
    """Whether a crash cut the last line short."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"
