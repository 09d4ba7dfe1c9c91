"""The past events of a run, read from its journal for a watcher that is new or was too slow."""

import contextlib
import re
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path

from engine.errors import CheckpointError, EngineError
from engine.figures.branch import CONFUSIONS
from engine.protocol import Event, HistoryBegins, HistoryEnds, RecordedAt, decode
from engine.storage.journal import CONFUSION, EVALUATION, STEP, read_lines

MOST_STEPS = 20_000  # forty times as many as a plot has points for
_AT = re.compile(rb'\{"type": "\w+", "at": (\d+)')  # the whole seconds of a line's time


def read_history(
    folder: Path, until: int | None = None, current: bool = True, most_steps: int = MOST_STEPS
) -> Iterator[Event]:
    """The events in the first `until` bytes of the journal, between `HistoryBegins` and `HistoryEnds`.

    Before an event that is no step comes `RecordedAt`, if its line has another time (in whole seconds) than the last.
    Of very many steps it yields about `most_steps`, evenly spaced. Of the events `Confusion`, which are long where
    there are many classes, it yields the newest ones of each arm, and that of its best weights. Of a journal that
    cannot be read it yields none.
    """
    yield HistoryBegins()
    with contextlib.suppress(CheckpointError):
        yield from _events(folder, until, most_steps)
    yield HistoryEnds(current)


def _events(folder: Path, until: int | None, most_steps: int) -> Iterator[Event]:
    steps, wanted = 0, _Confusions()
    for number, line in enumerate(read_lines(folder, until)):
        steps += line.startswith(STEP)
        wanted.take(number, line)
    stride, seen, recorded = 1 + steps // most_steps, 0, b""
    for number, line in enumerate(read_lines(folder, until)):
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
