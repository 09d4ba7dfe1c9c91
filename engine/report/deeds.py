"""What a person did in a run, and what the program did by itself, in words."""

from dataclasses import replace

from engine.protocol import (
    ALL_GROUPS,
    Command,
    Diverged,
    Evaluate,
    FindRate,
    MicroBatchChanged,
    Pause,
    Release,
    Resume,
    Rewind,
    Rewound,
    RunStarted,
    Save,
    ScaleRate,
    SetEpochs,
    SetFrozen,
    SetMicroBatch,
    SetRate,
    SetSteps,
    SettingsChanged,
    StepsChanged,
    Stop,
    StopAfterEpoch,
    SwitchArm,
)
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


def words(command: Command) -> str:
    """A command as what a person did."""
    match command:
        case Pause():
            return "paused" + (" and gave the GPU's memory back" if command.free else "")
        case Resume():
            return "went on after the pause"
        case Save():
            return "saved a checkpoint"
        case Evaluate():
            return "scored the best weights on the test pictures" if command.test else "scored the pictures that choose"
        case FindRate():
            return "looked for a learning rate"
        case SwitchArm():
            return f"switched to the {command.arm} arm"
        case SetRate():
            return f"set the base rate of {command.group} to {command.base_lr:g}"
        case ScaleRate():
            of = "of all groups" if command.group == ALL_GROUPS else f"of {command.group}"
            return f"multiplied the base rate {of} by {command.factor:g}"
        case SetFrozen():
            return f"froze {command.group}" if command.frozen else f"trained {command.group} again"
        case SetEpochs():
            return f"set the epochs of the arm to {command.epochs}"
        case SetSteps():
            return f"set the steps of the arm to {command.steps}"
        case SetMicroBatch():
            return f"sent at most {command.pictures} pictures through the model at once"
        case Rewind():
            head = "" if command.head == "kept" else f", with a head that is {command.head}"
            return f"went back to {command.point}{head}; a new branch begins"
        case StopAfterEpoch():
            return "planned to stop after the epoch" if command.planned else "took the planned stop back"
        case Stop():
            return "stopped the run" + ("" if command.save else " without a checkpoint")
        case Release():
            return "left the run"
