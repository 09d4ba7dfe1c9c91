"""Why the current arm of a run learns nothing, from the run's journal."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from engine.errors import EngineError
from engine.figures.arm import ArmView, fold_into
from engine.figures.verdicts import Verdict, verdicts_of
from engine.protocol import (
    Arm,
    ArmFinished,
    ArmStarted,
    AverageScored,
    Confusion,
    EpochDone,
    EpochsChanged,
    EvalDone,
    Event,
    GroupFrozen,
    HeadFitted,
    RateChanged,
    Rewound,
    RunStarted,
    StepsChanged,
    decode,
    kind_name,
)
from engine.storage.journal import STEP, read_lines

NEEDED = (
    *(RunStarted, ArmStarted, ArmFinished, AverageScored, Confusion, EpochDone, EpochsChanged, EvalDone),
    *(GroupFrozen, HeadFitted, RateChanged, Rewound, StepsChanged),
)
BEGINNINGS = tuple(f'{{"type": "{kind_name(kind)}"'.encode() for kind in NEEDED)
MEASURED = b'"update_ratios"'  # of most steps nothing more is needed than of the last one
MOST_MEASURED = 4000  # that are decoded, evenly spaced


def verdict_in(folder: Path) -> Verdict | None:
    """The verdict on the current arm of the run in `folder`, if there is one. Raises nothing."""
    arms: dict[Arm, ArmView] = {}
    run: RunStarted | None = None
    current: Arm | None = None
    with contextlib.suppress(EngineError, ArithmeticError, LookupError, ValueError):  # the file may be anything
        for event in _events(folder):
            run = event if isinstance(event, RunStarted) else run
            current = event.arm if isinstance(event, ArmStarted) else current
            fold_into(arms, event)
        if run is not None and current is not None:
            return next(iter(verdicts_of(run, arms[current])), None)
    return None


def _events(folder: Path) -> Iterator[Event]:
    """The events that a verdict rests on, as far as they can be read."""
    stride = 1 + sum(line.startswith(STEP) and MEASURED in line for line in read_lines(folder)) // MOST_MEASURED
    last, measured = b"", 0
    for line in read_lines(folder):
        if line.startswith(STEP):
            measured += MEASURED in line
            if MEASURED not in line or measured % stride:
                last = line
                continue
        elif not line.startswith(BEGINNINGS):
            continue
        for each in filter(None, (last, line)):
            with contextlib.suppress(EngineError):
                message = decode(each.decode(errors="replace"))
                assert isinstance(message, Event)
                yield message
        last = b""
