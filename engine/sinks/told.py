"""From the lines of a journal to what trackers get. The same journal always gives the same, so a byte says how far."""

import contextlib
from collections.abc import Iterator, Mapping

from engine.errors import EngineError
from engine.protocol import (
    Arm,
    ArmFinished,
    ArmStarted,
    ArmSuspended,
    AverageScored,
    BestTested,
    Command,
    Diverged,
    EpochDone,
    EvalDone,
    HeadFitted,
    MicroBatchChanged,
    Release,
    Rewind,
    Rewound,
    RunFailed,
    RunFinished,
    RunStarted,
    SetMicroBatch,
    SetSteps,
    SettingsChanged,
    StepsChanged,
    TrainStep,
)
from engine.protocol.deeds import words
from engine.protocol.sentences import message
from engine.sinks.thinned import Thinned, stride_of
from engine.sinks.tracking import Branch, Note, Scalars
from engine.storage.journal import CONFUSION, Record, record_of

NOT_NOTED = (Release, Rewind, SetSteps, SetMicroBatch)
"commands that say nothing, and those of which an event says more: the program does these things by itself, too"
NOTED = (StepsChanged, MicroBatchChanged, Diverged, AverageScored, SettingsChanged, RunFailed)
"events that are notes, too"
BEST = "best_accuracy"
"its last value is the result of the run"


class Told:
    """Folds a journal. Steps that a crash undid, and that are trained again, are told once, as they were first."""

    def __init__(self, run: str) -> None:
        self.ended = False
        "whether the last line was the end of the run"
        self.failed = False
        "whether that end was a failure"
        self._run = run
        self._branches: dict[tuple[Arm, int], Branch] = {}
        self._current: dict[Arm, Branch] = {}
        self._arm: Arm | None = None
        self._steps: dict[Branch, Thinned] = {}
        self._stride: dict[Arm, int] = {}
        self._told: dict[tuple[Branch, str], int] = {}
        self._best: dict[Branch, tuple[int, float]] = {}
        self._notes: set[tuple[Branch, int, str]] = set()

    def fold(self, line: bytes) -> Iterator[Scalars | Note]:
        """What a line adds. A line that a crash cut short adds nothing: its steps were recorded again."""
        if line.startswith(CONFUSION):
            return
        record = None
        with contextlib.suppress(EngineError, KeyError, TypeError, ValueError):
            record = record_of(line.decode(errors="replace"))
        if record is not None:
            yield from self._fold(record)

    def _fold(self, record: Record) -> Iterator[Scalars | Note]:
        told = record.message
        self.ended, self.failed = isinstance(told, RunFinished | RunFailed), isinstance(told, RunFailed)
        if isinstance(told, RunStarted):
            return
        if isinstance(told, ArmStarted | Rewound):
            yield from self._begin(told, record.time)
        if isinstance(told, Command):
            yield from self._command(told, record)
            return
        self._arm = getattr(told, "arm", self._arm)
        branch = self._current.get(self._arm) if self._arm is not None else None
        if branch is None:
            return
        if isinstance(told, TrainStep):
            yield from self._steps[branch].add(told, record.time)
            return
        if isinstance(told, EvalDone | ArmSuspended | ArmFinished | RunFinished | RunFailed):
            yield from self._steps[branch].rest(record.time)
        yield from self._scores(branch, told, record.time)
        if isinstance(told, NOTED):
            yield from self._note(branch, getattr(told, "step", self._steps[branch].last), record.time, message(told))

    def _begin(self, told: ArmStarted | Rewound, time: float) -> Iterator[Scalars | Note]:
        """An arm begins or goes on, or leaves its branch for a new one."""
        left, base = self._current.get(told.arm), told.base if isinstance(told, Rewound) else 0
        if isinstance(told, ArmStarted):
            self._stride[told.arm] = stride_of(told.steps or told.epochs * told.steps_per_epoch)
        elif left is not None:
            yield from self._steps[left].rest(time)
            yield from self._note(left, told.left_step, time, message(told))
        branch = Branch(self._run, told.arm, told.branch, base, told.step if told.branch > 1 else 0)
        branch = self._branches.setdefault((told.arm, told.branch), branch)
        self._current[told.arm] = branch
        self._steps.setdefault(branch, Thinned(branch, self._stride.get(told.arm, 1))).forget()

    def _scores(self, branch: Branch, told: object, time: float) -> Iterator[Scalars]:
        match told:
            case HeadFitted(failure=""):
                values = {f"{told.part}/accuracy": told.accuracy}
                yield from self._scalars(branch, "scores", told.step, time, values)
            case EvalDone():
                values = {"loss": told.loss, "accuracy": told.accuracy, **told.metrics}
                yield from self._scalars(branch, "scores", told.step, time, _named(told.part, values))
            case BestTested():
                values = {"loss": told.loss, "accuracy": told.accuracy, **told.metrics}
                yield from self._scalars(branch, "test", told.step, time, _named("test", values))
            case EpochDone():
                values = {"loss": told.train_loss, "accuracy": told.train_accuracy, "number": float(told.epoch)}
                speed = {"images_per_second": told.images_per_second, "seconds": told.seconds}
                yield from self._scalars(branch, "epoch", told.step, time, _named("epoch", values | speed))
        match told:
            case EvalDone(best=True) | AverageScored(best=True):
                yield from self._best_is(branch, told.step, time, told.accuracy)
            case ArmFinished() if told.best_accuracy is not None:
                yield from self._best_is(branch, told.step, time, told.best_accuracy)

    def _best_is(self, branch: Branch, step: int, time: float, accuracy: float) -> Iterator[Scalars]:
        known = self._best.get(branch, (-1, -1.0))
        if step >= known[0] and accuracy != known[1]:
            self._best[branch] = (step, accuracy)
            yield Scalars(branch, step, time, {BEST: accuracy})

    def _scalars(
        self, branch: Branch, group: str, step: int, time: float, values: Mapping[str, float]
    ) -> Iterator[Scalars]:
        if self._is_new(branch, group, step):
            yield Scalars(branch, step, time, values)

    def _command(self, command: Command, record: Record) -> Iterator[Note]:
        at = record.at
        if at is not None and not isinstance(command, NOT_NOTED):
            branch = self._branches.get((at.arm, at.branch))
            if branch is not None:
                yield from self._note(branch, at.step, record.time, words(command))

    def _note(self, branch: Branch, step: int, time: float, text: str) -> Iterator[Note]:
        if text and (branch, step, text) not in self._notes:
            self._notes.add((branch, step, text))
            yield Note(branch, step, time, text)

    def _is_new(self, branch: Branch, group: str, step: int) -> bool:
        """Whether this step of a group of numbers was not told before."""
        new = step > self._told.get((branch, group), -1)
        if new:
            self._told[branch, group] = step
        return new


def _named(part: str, values: Mapping[str, float]) -> dict[str, float]:
    return {f"{part}/{name}": value for name, value in values.items()}
