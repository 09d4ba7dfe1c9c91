"""What a run has journaled, told again to somebody who was not there, or was too slow."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from engine.errors import CheckpointError, EngineError
from engine.journal import STEP, read_lines
from engine.protocol import Event, Retelling, Retold, decode

MOST_STEPS = 20_000  # forty times what a plot has points for


def retell(
    folder: Path, until: int | None = None, current: bool = True, most_steps: int = MOST_STEPS
) -> Iterator[Event]:
    """The events in the first `until` bytes of the journal, between `Retelling` and `Retold`.

    Of very many steps evenly spaced ones, about `most_steps`, stand for all. A journal that cannot be read tells
    nothing.
    """
    yield Retelling()
    with contextlib.suppress(CheckpointError):
        yield from _events(folder, until, most_steps)
    yield Retold(current)


def _events(folder: Path, until: int | None, most_steps: int) -> Iterator[Event]:
    stride = 1 + sum(line.startswith(STEP) for line in read_lines(folder, until)) // most_steps
    seen = 0
    for line in read_lines(folder, until):
        if line.startswith(STEP):
            seen += 1
            if seen % stride:
                continue
        with contextlib.suppress(EngineError):  # torn by a crash; the steps after it were recorded again
            message = decode(line.decode(errors="replace"))
            if isinstance(message, Event):
                yield message
