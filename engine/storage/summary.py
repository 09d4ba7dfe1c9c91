"""What a journal comes to: how far each arm is, and how the run ended, if it has. One place that folds it."""

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import EngineError
from engine.protocol import (
    Arm,
    ArmFinished,
    ArmStarted,
    EpochDone,
    EpochsChanged,
    EvalDone,
    Evaluate,
    Group,
    GroupFrozen,
    Message,
    Paused,
    RateChanged,
    Resumed,
    Rewound,
    RunFailed,
    RunFinished,
    RunStarted,
    TrainStep,
    decode,
)
from engine.storage.journal import STEP

# Nothing else is decoded: most lines of a long run are steps, and of those the last one before another line counts.
TOLD = (
    *("run_started", "run_finished", "run_failed", "arm_started", "arm_finished", "eval_done", "epoch_done"),
    *("evaluate", "paused", "resumed", "rate_changed", "group_frozen", "epochs_changed", "rewound"),
)
BEGINNINGS = tuple(b'{"type": "%s"' % name.encode() for name in TOLD)


@dataclass
class ArmSummary:
    """How far an arm is. Evaluations and ends of epochs are those of each branch, from its first step on."""

    step: int = 0
    epochs: int = 0
    steps_per_epoch: int = 0
    branch: int = 1
    groups: dict[str, Group] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    "rate of each group in the last update"
    best: float | None = None
    "the best accuracy of all branches"
    finished: bool = False
    due: bool = False
    "whether an epoch has been trained and not been evaluated yet"
    evaluations: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    "steps and accuracies, by branch"

    @property
    def accuracy(self) -> float | None:
        """At the last evaluation of the branch in hand."""
        known = self.evaluations.get(self.branch)
        return known[-1][1] if known else None

    @property
    def total_steps(self) -> int:
        """Steps of all epochs."""
        return self.epochs * self.steps_per_epoch

    @property
    def epoch(self) -> int:
        """The epoch that the next step belongs to, or the last one; from 1."""
        return min(self.step // self.steps_per_epoch + 1, self.epochs) if self.steps_per_epoch else 1

    def begin(self, event: ArmStarted) -> None:
        """Be where the event says; what is known of later steps of this branch is void."""
        self.step, self.epochs, self.steps_per_epoch = event.step, event.epochs, event.steps_per_epoch
        self.groups = {group.name: group for group in event.groups}
        self.branch, self.due = event.branch, False
        self.evaluations[event.branch] = self._until(event.branch, event.step)
        self.finished = 0 < self.total_steps <= event.step

    def rewind(self, event: Rewound) -> None:
        """Be at a step of another branch, or of this one."""
        self.evaluations[event.branch] = self._until(event.base, event.step)
        self.branch, self.step, self.due, self.finished = event.branch, event.step, False, False

    def _until(self, branch: int, step: int) -> list[tuple[int, float]]:
        return [known for known in self.evaluations.get(branch, []) if known[0] <= step]


class RunSummary:
    """A run as its journal has it; `fold` changes it."""

    def __init__(self) -> None:
        self.run: RunStarted | None = None
        self.started: float | None = None
        "when the run began, the first time"
        self.written: float | None = None
        "the time of the last entry"
        self.arm: Arm | None = None
        self.arms: dict[Arm, ArmSummary] = {}
        self.paused = False
        self.asked = False
        "whether an evaluation was asked for by hand and is not done yet"
        self.end: RunFinished | RunFailed | None = None

    @property
    def current(self) -> ArmSummary:
        """The arm in hand, a blank one where there is none."""
        return (self.arms.get(self.arm) if self.arm is not None else None) or ArmSummary()

    @property
    def evaluating(self) -> bool:
        """Whether the test set is being scored: in a pause only where that was asked for in it."""
        return self.asked or (self.current.due and not self.paused)

    def read(self, lines: Iterable[bytes]) -> None:
        """Fold a journal's lines; what a crash left of one is left out."""
        last, steps = b"", (b"", b"")  # the last step may be torn: then the one before it counts
        for line in lines:
            if line.startswith(STEP):
                steps = steps[1], line
            elif line.startswith(BEGINNINGS):
                self._take(steps)
                self._take((line,))
                steps = b"", b""
            if line.endswith(b"}\n"):
                last = line
        self._take(steps)
        with contextlib.suppress(ValueError, KeyError, TypeError):
            self.written = float(json.loads(last)["at"])

    def fold(self, message: Message) -> None:
        """Take in an event or a command."""
        arm: Arm | None = getattr(message, "arm", None)
        view = self.arms.setdefault(arm, ArmSummary()) if arm is not None else self.current
        match message:
            case RunStarted():
                self.run, self.end, self.paused, self.asked = message, None, False, False
                self.started = message.time if self.started is None else self.started
            case ArmStarted():
                if message.arm != self.arm:  # a switch ends a pause, a rewind does not
                    self.paused = False
                self.arm, self.asked = message.arm, False
                view.begin(message)
            case TrainStep():
                self.arm, self.paused = message.arm, False
                view.step, view.rates = message.step, message.learning_rates
                view.due = view.steps_per_epoch > 0 and message.step % view.steps_per_epoch == 0
            case Evaluate():
                self.asked = True
            case EvalDone():
                self.asked = False
                view.evaluations.setdefault(view.branch, []).append((message.step, message.accuracy))
                view.best = message.accuracy if view.best is None else max(view.best, message.accuracy)
            case EpochDone():
                view.due = False
            case ArmFinished():
                view.finished = True
            case EpochsChanged():
                view.epochs = message.epochs
                view.finished = view.finished and view.step >= view.total_steps
            case Paused():
                self.paused = True
            case Resumed():
                self.paused = False
            case RateChanged():
                view.groups |= _changed(view, message.group, base_lr=message.base_lr, why=message.why)
            case GroupFrozen():
                view.groups |= _changed(view, message.group, frozen=message.frozen)
            case Rewound():
                self.asked = False
                view.rewind(message)
            case RunFinished() | RunFailed():
                self.end = message
            case _:
                pass

    def _take(self, lines: Iterable[bytes]) -> None:
        """Fold some lines, each as far as it can be read."""
        for line in filter(None, lines):
            with contextlib.suppress(EngineError):
                self.fold(decode(line.decode(errors="replace")))


def _changed(arm: ArmSummary, group: str, **how: Any) -> Iterator[tuple[str, Group]]:  # noqa: ANN401 - of its fields
    """A group as it is now; none where the journal has lost its beginning."""
    if group in arm.groups:
        yield group, replace(arm.groups[group], **how)
