"""What a person did in a run, and what the program did by itself, in words."""

from dataclasses import replace

from engine.protocol import (
    Command,
    Diverged,
    MicroBatchChanged,
    Release,
    Rewound,
    RunStarted,
    SetMicroBatch,
    SetSteps,
    SettingsChanged,
    StepsChanged,
)
from engine.protocol.deeds import words
from engine.protocol.sentences import message
from engine.report.facts import Deed
from engine.storage.journal import Position, Record

BY_HAND = "by hand"
"how the reason of what a person did begins, or ends"


class Deeds:
    """Collects what was done, from the records of a journal. What a resume did again after a crash is there once."""

    def __init__(self) -> None:
        self.found: list[Deed] = []
        self.resumes = 0
        self._seen: set[tuple[Command, Position]] = set()

    def fold(self, record: Record, steps_per_epoch: int, branch: int) -> None:
        """Take in a record of an arm with so many steps in an epoch, which is on `branch`."""
        told, at = record.message, record.at
        match told:
            case Release():
                return
            case RunStarted() if told.resumed_from:
                self.resumes += 1
                self.found.append(Deed(record.time, True, "went on with the run (--resume)"))
            case SettingsChanged():
                self.found.append(Deed(record.time, True, f"changed settings: {message(told)}"))
            case StepsChanged() | MicroBatchChanged() if not told.reason.endswith(BY_HAND):
                self._take_back(told)
                what = message(replace(told, planned=False) if isinstance(told, StepsChanged) else told)
                self._done(record.time, False, what, Position(told.arm, branch, told.step, 0), steps_per_epoch)
            case Diverged():
                there = Position(told.arm, branch, told.step, 0)
                self._done(record.time, False, message(told), there, steps_per_epoch)
            case Rewound() if not told.reason.startswith(BY_HAND):
                there = Position(told.arm, told.left, told.left_step, 0)
                self._done(record.time, False, message(told), there, steps_per_epoch)
            case _ if isinstance(told, Command) and at is not None and (told, at) not in self._seen:
                self._seen.add((told, at))
                self._done(record.time, True, words(told), at, steps_per_epoch)

    def _done(self, time: float, by_hand: bool, what: str, at: Position, steps_per_epoch: int) -> None:
        epoch = at.step / steps_per_epoch if steps_per_epoch else 0.0
        self.found.append(Deed(time, by_hand, what, at.arm, at.branch, at.step, epoch))

    def _take_back(self, event: StepsChanged | MicroBatchChanged) -> None:
        """Drop the command that the program has recorded for what it did by itself."""
        command = SetSteps(event.steps) if isinstance(event, StepsChanged) else SetMicroBatch(event.pictures)
        if self.found and self.found[-1].by_hand and self.found[-1].what == words(command):
            self.found.pop()
