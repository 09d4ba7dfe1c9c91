"""The past events of a run, read from its journal for a watcher that is new or was too slow."""

import contextlib
import re
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path

from engine.errors import CheckpointError, EngineError
from engine.figures.branch import CONFUSIONS
from engine.protocol import Event, HistoryBegins, HistoryEnds, Loading, RecordedAt, decode
from engine.storage.journal import CONFUSION, EVALUATION, JOURNAL, STEP, read_lines, size_of

MOST_STEPS = 8_000  # sixteen times as many as a plot has points for
EACH = 1.0  # seconds between two events that say how far the reading is
LOOK = 1 << 20  # bytes that are read between two looks at the clock
READING = "reading the journal"
_AT = re.compile(rb'\{"type": "\w+", "at": (\d+)')  # the whole seconds of a line's time


def read_history(
    folder: Path, until: int | None = None, current: bool = True, most_steps: int = MOST_STEPS
) -> Iterator[Event]:
    """The events in the first `until` bytes of the journal, between `HistoryBegins` and `HistoryEnds`.

    Before an event that is no step comes `RecordedAt`, if its line has another time (in whole seconds) than the last.
    Of very many steps it yields about `most_steps`, evenly spaced. Of the events `Confusion`, which are long where
    there are many classes, it yields the newest ones of each arm, and that of its best weights. Of a journal that
    cannot be read it yields none. While it takes longer than a second, `Loading` says each second how far it is.
    """
    yield HistoryBegins()
    with contextlib.suppress(CheckpointError):
        yield from _events(folder, until, most_steps)
    yield HistoryEnds(current)


def _events(folder: Path, until: int | None, most_steps: int) -> Iterator[Event]:
    steps, wanted = 0, _Confusions()
    progress = _Progress(2 * (size_of(folder / JOURNAL) if until is None else until))
    for number, line in enumerate(read_lines(folder, until)):
        if (loading := progress.after(line)) is not None:
            yield loading
        steps += line.startswith(STEP)
        wanted.take(number, line)
    # An odd stride meets every so many of the steps whose updates were measured, those divisible by 16.
    stride, seen, recorded = 1 + steps // most_steps | 1, 0, b""
    for number, line in enumerate(read_lines(folder, until)):
        if (loading := progress.after(line)) is not None:
            yield loading
        if line.startswith(STEP):
            seen += 1
            if seen % stride:
                continue
        if line.startswith(CONFUSION) and number not in wanted:
            continue
        with contextlib.suppress(EngineError):  # a crash cut it short; the steps after it were recorded again
            message = decode(line.decode(errors="replace"))
            if not isinstance(message, Event):
                continue
            at = _AT.match(line)
            if at is not None and at[1] != recorded and not line.startswith(STEP):
                recorded = at[1]
                yield RecordedAt(float(recorded))
            yield message


class _Progress:
    """How far the reading of so many bytes is, once a second."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = self._looked = 0
        self._said = time.monotonic()

    def after(self, line: bytes) -> Loading | None:
        """What is to be told when a line has been read, if anything."""
        self._done += len(line)
        if self._done - self._looked < LOOK:
            return None
        self._looked, now = self._done, time.monotonic()
        if now - self._said < EACH:
            return None
        self._said = now
        return Loading(READING, self._done, self._total)


class _Confusions:
    """Numbers of the lines with confusions that a screen needs, by arm."""

    def __init__(self) -> None:
        self._newest: defaultdict[bytes, deque[int]] = defaultdict(lambda: deque(maxlen=CONFUSIONS))
        self._best: dict[bytes, int] = {}
        self._is_best: dict[bytes, bool] = {}

    def take(self, number: int, line: bytes) -> None:
        """Look at a line. A confusion follows the evaluation that it is of."""
        if line.startswith(EVALUATION):
            self._is_best[_arm(line)] = b'"best": true' in line
        elif line.startswith(CONFUSION) and line.rstrip().endswith(b"}"):  # a crash may have cut it short
            self._newest[_arm(line)].append(number)
            if self._is_best.get(_arm(line)):
                self._best[_arm(line)] = number

    def __contains__(self, number: int) -> bool:
        return number in self._best.values() or any(number in newest for newest in self._newest.values())


def _arm(line: bytes) -> bytes:
    """The arm of a line: its field after the type and the time."""
    return b"".join(line.split(b",", 3)[2:3])
