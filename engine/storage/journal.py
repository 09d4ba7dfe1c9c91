"""The journal of a run, the record of all its events and commands: writing it and reading it."""

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from engine.errors import CheckpointError, EngineError
from engine.protocol import (
    Arm,
    Command,
    ControlFailed,
    Evaluating,
    Event,
    FolderAwaited,
    HistoryBegins,
    HistoryEnds,
    JournalFailed,
    Loading,
    Message,
    PeerRefused,
    Preparing,
    RankSilent,
    RecordedAt,
    RestorePoints,
    SweepingRates,
    SystemSample,
    Watching,
    decode_with_fields,
    encode,
    kind_name,
)
from engine.storage.fence import ensure_current
from engine.storage.unwritable import not_writable

JOURNAL = "journal.jsonl"
LONGEST_LINE = 1 << 26  # bytes; a run with very many classes or restore points has long ones
STEP = b'{"type": "train_step"'  # how most lines of a journal begin
CONFUSION = b'{"type": "confusion"'  # how its longest lines begin
EVALUATION = b'{"type": "eval_done"'  # what a confusion follows

NOT_JOURNALED = (
    *(Loading, Preparing, Evaluating, SweepingRates, RestorePoints, SystemSample),
    *(HistoryBegins, HistoryEnds, RecordedAt, Watching, PeerRefused, ControlFailed, FolderAwaited, RankSilent),
)
"events that only matter to those who watch at the time"


class Position(NamedTuple):
    """A place between two steps of an arm. `change` counts the changes of its state so far that were not steps."""

    arm: Arm
    branch: int
    step: int
    change: int


class Journal:
    """Appends each event, and each command with its position, as a line of JSON.

    Training goes on if a line cannot be written. `failure` reports that once.
    """

    def __init__(self, folder: Path) -> None:
        """Raises `UserError` if the journal cannot be opened."""
        self.folder = folder
        path = folder / JOURNAL
        self._failure: JournalFailed | None = None
        self._reported = False
        try:
            torn = _is_torn(path)
            self._file: TextIO = path.open("a", encoding="utf-8")
        except OSError as error:
            raise not_writable(path, error) from None
        if torn:  # a crash cut the last line short: end it, or the next one is lost with it
            self._write("")

    def event(self, event: Event) -> None:
        """Record an event."""
        if not isinstance(event, NOT_JOURNALED):
            self._write(encode(event, at=time.time()))

    def command(self, command: Command, at: Position) -> None:
        """Record a command and the position at which it took effect."""
        place: dict[str, float | str] = {f"at_{name}": value for name, value in at._asdict().items()}
        self._write(encode(command, at=time.time(), **place))

    def failure(self) -> JournalFailed | None:
        """The event that says what could not be written, once; otherwise `None`."""
        if self._reported or self._failure is None:
            return None
        self._reported = True
        return self._failure

    def close(self) -> None:
        """Close the file; nothing is recorded after that."""
        with contextlib.suppress(OSError):  # `failure` has reported the lines that could not be written
            self._file.close()

    def _write(self, line: str) -> None:
        ensure_current()
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


class NullJournal(Journal):
    """Records nothing: the first process of a run writes the journal for all."""

    def __init__(self) -> None:
        self.folder = Path()

    def event(self, event: Event) -> None:
        """Do nothing."""

    def command(self, command: Command, at: Position) -> None:
        """Do nothing."""

    def failure(self) -> None:
        """Nothing is written, so nothing fails."""

    def close(self) -> None:
        """Do nothing."""


def size_of(journal: Path) -> int:
    """Size of a journal in bytes; 0 if there is none yet."""
    try:
        return journal.stat().st_size
    except OSError:
        return 0


class Record(NamedTuple):
    """A line of a journal."""

    message: Message
    time: float
    at: Position | None
    "the position at which a command took effect; `None` for an event"


def read_journal(folder: Path) -> Iterator[Message]:
    """The events and commands of a run, oldest first. Lines that a crash cut short are left out.

    Raises:
        CheckpointError: the journal cannot be read.
    """
    return (record.message for record in read_records(folder))


def read_records(folder: Path) -> Iterator[Record]:
    """The same with the time of each line and the positions of commands.

    Raises:
        CheckpointError: the journal cannot be read.
    """
    return records_in(read_lines(folder))


def records_in(lines: Iterable[bytes], kinds: tuple[type[Message], ...] = ()) -> Iterator[Record]:
    """The records of lines, of some kinds or of all. Of other kinds nothing is decoded, which takes most of the time.

    A line that cannot be read is left out: a crash cut it short, and the steps after it were recorded again.
    """
    beginnings = tuple(f'{{"type": "{kind_name(kind)}"'.encode() for kind in kinds) or b""
    for line in lines:
        if line.startswith(beginnings):
            with contextlib.suppress(EngineError, KeyError, TypeError, ValueError):
                yield record_of(line.decode(errors="replace"))


def read_events(folder: Path, kinds: tuple[type[Event], ...]) -> Iterator[Event]:
    """The events of some kinds, oldest first. Nothing else is decoded, and a line that cannot be read is left out.

    Raises:
        CheckpointError: the journal cannot be read.
    """
    for record in records_in(read_lines(folder), kinds):
        assert isinstance(record.message, Event)
        yield record.message


def read_lines(folder: Path, until: int | None = None) -> Iterator[bytes]:
    """The lines in the first `until` bytes of a journal, as they are. A line of impossible length ends them.

    Raises:
        CheckpointError: the journal cannot be read.
    """
    path, read = folder / JOURNAL, 0
    try:
        if path.is_char_device() or path.is_fifo():
            return  # something endless was put in the journal's place
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


def without_most_steps(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a journal, but of steps that follow each other the last two: the last one may be cut short."""
    before, last = b"", b""
    for line in lines:
        if line.startswith(STEP):
            before, last = last, line
            continue
        yield from filter(None, (before, last))
        before = last = b""
        yield line
    yield from filter(None, (before, last))


def record_of(line: str) -> Record:
    """The record that a line holds.

    Raises:
        EngineError, KeyError, TypeError, ValueError: it holds none; a crash cut it short, or somebody edited it.
    """
    message, fields = decode_with_fields(line)
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
