"""A run in a few figures, folded from its journal: how far each arm is, and how the run ended if it has."""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import EngineError
from engine.protocol import (
    Arm,
    ArmFinished,
    ArmStarted,
    AverageScored,
    BestTested,
    CheckpointSent,
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
    StepsChanged,
    TrainStep,
    decode,
)
from engine.protocol.best import Unkept
from engine.storage.journal import without_most_steps

DECODED = (
    "train_step",
    *("run_started", "run_finished", "run_failed", "arm_started", "arm_finished", "eval_done", "epoch_done"),
    *("evaluate", "average_scored", "best_tested", "paused", "resumed", "rewound"),
    *("rate_changed", "group_frozen", "epochs_changed", "steps_changed", "checkpoint_saved"),
    *("checkpoint_failed", "checkpoint_sent"),
)
BEGINNINGS = tuple(b'{"type": "%s"' % name.encode() for name in DECODED)


@dataclass
class ArmPosition:
    """Where an arm stands, changed by `fold` alone."""

    step: int = 0
    epochs: int = 0
    steps: int = 0
    "all steps, if the arm may end in the middle of an epoch; 0: those of its epochs"
    steps_per_epoch: int = 0
    branch: int = 1
    "number of the current branch"
    groups: dict[str, Group] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    "rate of each group in the last update"
    finished: bool = False
    bests: list[EvalDone | AverageScored] = field(default_factory=list)
    "those that were the best ones so far, of all branches"
    unkept: Unkept = field(default_factory=Unkept)
    "those of them that do not count, because their weights could not be written"

    @property
    def in_best_file(self) -> EvalDone | AverageScored | None:
        """The evaluation of the best weights of all branches, those in `best.pt`."""
        return next((known for known in reversed(self.bests) if known not in self.unkept), None)

    @property
    def total_steps(self) -> int:
        """All steps of the arm."""
        return self.steps or self.epochs * self.steps_per_epoch

    def ends_epoch(self, step: int) -> bool:
        """Whether an epoch, or what there is of the last one, ends with this step."""
        return step % self.steps_per_epoch == 0 or step == self.total_steps

    def fold(self, message: Message) -> None:
        """Take in an event about this arm."""
        self.unkept.fold(message)
        match message:
            case EvalDone() if message.best or not self.bests:
                self.bests.append(message)
            case AverageScored(best=True):
                self.bests.append(message)
            case ArmStarted():
                self.step, self.epochs, self.steps_per_epoch = message.step, message.epochs, message.steps_per_epoch
                self.steps = message.steps
                self.branch, self.groups = message.branch, {group.name: group for group in message.groups}
                self.finished = 0 < self.total_steps <= message.step
            case TrainStep():
                self.step, self.rates = message.step, message.learning_rates
            case ArmFinished():
                self.finished = True
            case EpochsChanged():  # more of them revive an arm
                self.epochs, self.steps = message.epochs, 0
                self.finished = self.finished and self.step >= self.total_steps
            case StepsChanged():
                self.epochs, self.steps = message.epochs, message.steps
                self.finished = self.finished and self.step >= self.total_steps
            case RateChanged():
                self._change(message.group, base_lr=message.base_lr, why=message.why)
            case GroupFrozen():
                self._change(message.group, frozen=message.frozen)
            case Rewound():
                self.branch, self.step, self.finished = message.branch, message.step, False
            case _:
                pass

    def _change(self, group: str, **how: Any) -> None:  # noqa: ANN401 - values of the group's fields
        if group in self.groups:  # else the journal has lost its beginning
            self.groups[group] = replace(self.groups[group], **how)


@dataclass
class ArmSummary(ArmPosition):
    """How far an arm is, and how good. Evaluations are those of each branch, from its first step on."""

    due: bool = False
    "whether an epoch has been trained and not been evaluated yet"
    evaluations: dict[int, list[EvalDone]] = field(default_factory=dict)
    "by branch"

    @property
    def best(self) -> float | None:
        """Accuracy of the best weights of all branches, those in `best.pt`."""
        return self.in_best_file.accuracy if self.in_best_file is not None else None

    @property
    def last_evaluation(self) -> EvalDone | None:
        """The last evaluation of the current branch."""
        known = self.evaluations.get(self.branch)
        return known[-1] if known else None

    @property
    def accuracy(self) -> float | None:
        """At the last evaluation of the current branch."""
        return self.last_evaluation.accuracy if self.last_evaluation is not None else None

    @property
    def metrics(self) -> dict[str, float]:
        """Further metrics of that evaluation, by name."""
        return self.last_evaluation.metrics if self.last_evaluation is not None else {}

    @property
    def epoch(self) -> int:
        """The epoch that the next step belongs to, or the last one; from 1."""
        return min(self.step // self.steps_per_epoch + 1, self.epochs) if self.steps_per_epoch else 1

    def fold(self, message: Message) -> None:
        """Take in an event about this arm."""
        super().fold(message)
        match message:
            case ArmStarted():  # what is known of later steps of this branch is void
                self._go_on_from(message.branch, message.step)
            case Rewound():
                self._go_on_from(message.base, message.step)
            case TrainStep():
                self.due = self.steps_per_epoch > 0 and self.ends_epoch(message.step)
            case EvalDone():
                self.evaluations.setdefault(self.branch, []).append(message)
            case EpochDone():
                self.due = False
            case _:
                pass

    def _go_on_from(self, branch: int, step: int) -> None:
        """Have the evaluations of a branch up to a step for the current branch."""
        self.due = False
        self.evaluations[self.branch] = [known for known in self.evaluations.get(branch, []) if known.step <= step]


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
        self.sent: CheckpointSent | None = None
        "the last checkpoint that `hooks.saved` has sent"
        self.end: RunFinished | RunFailed | None = None

    @property
    def current(self) -> ArmSummary:
        """The current arm, a blank one where there is none."""
        return (self.arms.get(self.arm) if self.arm is not None else None) or ArmSummary()

    @property
    def evaluating(self) -> bool:
        """Whether pictures are being scored: in a pause only where that was asked for in it."""
        return self.asked or (self.current.due and not self.paused)

    def read(self, lines: Iterable[bytes]) -> None:
        """Fold a journal's lines; what a crash left of one is left out."""
        last = b""
        for line in without_most_steps(lines):
            if line.startswith(BEGINNINGS):
                with contextlib.suppress(EngineError):
                    self.fold(decode(line.decode(errors="replace")))
            if line.endswith(b"}\n"):
                last = line
        with contextlib.suppress(ValueError, KeyError, TypeError):
            self.written = float(json.loads(last)["at"])

    def fold(self, message: Message) -> None:
        """Take in an event or a command."""
        arm: Arm | None = getattr(message, "arm", None)
        if arm is not None:
            self.arms.setdefault(arm, ArmSummary()).fold(message)
        match message:
            case RunStarted():
                self.run, self.end, self.paused, self.asked = message, None, False, False
                self.started = message.time if self.started is None else self.started
            case ArmStarted():
                if message.arm != self.arm:  # a switch ends a pause, a rewind does not
                    self.paused = False
                self.arm, self.asked = message.arm, False
            case TrainStep():
                self.arm, self.paused = message.arm, False
            case CheckpointSent():
                self.sent = message
            case Evaluate():
                self.asked = True
            case EvalDone() | BestTested() | Rewound():
                self.asked = False
            case Paused():
                self.paused = True
            case Resumed():
                self.paused = False
            case RunFinished() | RunFailed():
                self.end = message
            case _:
                pass
