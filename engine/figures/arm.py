"""One arm as its events tell it: its position, its curves, and the branches that rewinds left."""

from dataclasses import dataclass, field

from engine.figures.account import Account
from engine.figures.best import BestWeights
from engine.figures.branch import Branch, TickKind
from engine.protocol import (
    ALL_GROUPS,
    Arm,
    ArmStarted,
    ArmSuspended,
    AverageScored,
    CheckpointSaved,
    Command,
    CommandRefused,
    Confusion,
    Diverged,
    EpochDone,
    EpochsChanged,
    EvalDone,
    Event,
    Group,
    GroupFrozen,
    HeadFitted,
    Message,
    MicroBatchChanged,
    Paused,
    RateChanged,
    Rewound,
    ScaleRate,
    SetEpochs,
    SetRate,
    StepsChanged,
    StopPlanned,
    TrainStep,
)
from engine.storage.summary import ArmPosition

HEAD = "head"  # name of the group of the new last layer
SPEED_STEPS, SPEED_SECONDS = 20, 5.0  # images/s and data wait are averaged over these, whichever takes longer

MARKS: dict[type[Message], TickKind] = {
    RateChanged: "rate",
    GroupFrozen: "freeze",
    EpochsChanged: "epochs",
    StepsChanged: "epochs",
    Paused: "pause",
    ArmSuspended: "switch",
    StopPlanned: "stop",
    MicroBatchChanged: "micro_batch",
    Diverged: "diverged",
    Rewound: "rewind",
}
"the names of the marks that these events leave on the plots"


@dataclass
class ArmView(ArmPosition):
    """An arm, changed by `fold`; `ask` changes only what was asked for."""

    arm: Arm = field(kw_only=True)
    epoch: int = 1
    asked: dict[str, float] = field(default_factory=dict)
    "base rates asked for and not acknowledged yet"
    asked_epochs: int = 0
    "number of epochs asked for and not acknowledged yet, 0: none"
    curves: Branch = field(default_factory=Branch)
    "of the current branch, from the first step on"
    past: dict[int, Branch] = field(default_factory=dict)
    "the branches that were left, by number, oldest first"
    averaged: AverageScored | None = None
    "the average of two weights, if it is the best one"
    saved: CheckpointSaved | None = None
    "its newest checkpoint"
    confusion: Confusion | None = None
    "what the newest evaluation gets wrong"
    images_per_second: float = 0.0
    data_wait: float = 0.0
    best_weights: BestWeights = field(default_factory=BestWeights)
    "those in `best.pt`, of all branches"
    account: Account = field(default_factory=Account)
    "what its time is spent on"
    _timed: int = 0
    _since_epoch: float = 0.0
    "seconds of steps and evaluations since the last whole epoch"

    @property
    def backbone(self) -> dict[str, Group]:
        """The groups of the layers that were there before: all but the head."""
        return {name: group for name, group in self.groups.items() if name != HEAD}

    @property
    def best(self) -> EvalDone | AverageScored | None:
        """The evaluation of the best weights; if another branch has them, the most accurate one of this branch."""
        if self.averaged is not None and self.averaged not in self.unkept:
            return self.averaged
        known = [evaluation for evaluation in self.curves.evaluations if evaluation not in self.unkept]
        best = (evaluation for evaluation in reversed(known) if evaluation.best)
        return next(best, max(known, key=lambda evaluation: evaluation.accuracy, default=None))

    @property
    def wanted_epochs(self) -> int:
        """The number of epochs asked for last, acknowledged or not."""
        return self.asked_epochs or self.epochs

    def base_rate(self, group: str) -> float:
        """The base rate asked for last, acknowledged or not."""
        return self.asked.get(group, self.groups[group].base_lr)

    @property
    def largest_group(self) -> str:
        """The group with the largest base rate, the last one of several."""
        return max(reversed(self.groups), key=self.base_rate)

    def rates_in_proportion(self, group: str, base_lr: float) -> dict[str, float]:
        """The base rate of each group if that of `group` becomes `base_lr` and all ratios stay."""
        now = self.base_rate(group)
        scaled = {name: self.base_rate(name) * (base_lr / now if now else 1.0) for name in self.groups}
        return scaled | {group: base_lr}

    def seconds_per_step(self, batch_size: int) -> float | None:
        """From its epochs so far, tests included, or else from its speed; `None` before its first step."""
        history = self.curves.history
        if history and history[-1].step:
            return history[-1].seconds / history[-1].step
        return batch_size / self.images_per_second if self.images_per_second else None

    @property
    def seconds(self) -> float | None:
        """Time that the arm has trained and been scored, the epoch under way included; `None` before its first step."""
        whole = self.curves.history[-1].seconds if self.curves.history else self.curves.head_seconds or 0.0
        return whole + self._since_epoch if whole or self._since_epoch else None

    def seconds_left(self, batch_size: int) -> float | None:
        """Time to the end of the arm."""
        each = self.seconds_per_step(batch_size)
        return None if each is None else (self.total_steps - self.step) * each

    def ask(self, command: Command) -> None:
        """Remember what a command asks for, so that the next key goes on from there."""
        if isinstance(command, SetRate):
            self.asked[command.group] = command.base_lr
        elif isinstance(command, ScaleRate):
            for group in self.groups if command.group == ALL_GROUPS else [command.group]:
                self.asked[group] = self.base_rate(group) * command.factor
        elif isinstance(command, SetEpochs):
            self.asked_epochs = command.epochs

    def fold(self, event: Message) -> None:
        """Take in an event about this arm."""
        if isinstance(event, ArmStarted):
            self._take_up_curves(event)
        super().fold(event)
        self.best_weights.fold(event)
        self.account.fold(event, self.steps_per_epoch)
        match event:
            case ArmStarted():
                self.epoch, self.curves.regularisation = event.epoch, event.regularisation
                self._since_epoch = 0.0
                self._forget_asked()
                history = self.curves.history
                self.finished &= bool(history) and history[-1].step == event.step
            case TrainStep():
                self._trained(event)
            case EvalDone() | AverageScored():
                self._scored(event)
            case HeadFitted():
                self.curves.head = event
            case Confusion():
                self.confusion = event
                self.curves.confused(event)
            case CheckpointSaved():
                self.saved = event
            case EpochDone():
                self.curves.history.append(event)
                self._since_epoch = 0.0
            case CommandRefused():
                self._forget_asked()
            case Rewound():
                self._rewound(event)
            case RateChanged():
                if self.asked.get(event.group) == event.base_lr:
                    del self.asked[event.group]
            case EpochsChanged():
                if self.asked_epochs == event.epochs:
                    self.asked_epochs = 0
            case _:
                pass  # it is about the run, or only a mark
        if (mark := _mark(event)) is not None:
            self.curves.mark(getattr(event, "step", 0), mark)

    def _forget_asked(self) -> None:
        """Forget requests that will not be acknowledged any more."""
        self.asked.clear()
        self.asked_epochs = 0

    def _take_up_curves(self, event: ArmStarted) -> None:
        """Use the curves of the branch that goes on, up to the step after which it goes on."""
        if event.branch != self.branch and event.branch in self.past:  # a crash lost a rewind, too
            self.curves = self.past[event.branch]
            self.past = {number: branch for number, branch in self.past.items() if number < event.branch}
        self.curves.cut(event.step)  # what was seen later is void: a crash lost it, and it is trained again

    def _scored(self, event: EvalDone | AverageScored) -> None:
        self._since_epoch += event.seconds
        if isinstance(event, AverageScored):
            self.averaged = event if event.best else self.averaged
            return
        self.averaged = None if event.best else self.averaged
        self.curves.evaluated(event)
        if not self.ends_epoch(event.step):  # a person asked for it
            self.curves.mark(event.step, "evaluate")

    def _trained(self, event: TrainStep) -> None:
        self.epoch = event.epoch
        self._since_epoch += event.seconds
        self.curves.trained(event)
        self._timed += 1
        weight = min(1 / SPEED_STEPS, event.seconds / SPEED_SECONDS) if event.seconds else 1 / SPEED_STEPS
        share = max(weight, 1 / self._timed)
        self.images_per_second += share * (event.images_per_second - self.images_per_second)
        self.data_wait += share * (event.data_wait - self.data_wait)

    def _rewound(self, event: Rewound) -> None:
        self.past[event.left] = self.curves
        self.averaged = None
        self.curves = self.past.get(event.base, self.curves).until(event.step, event.head)
        self._forget_asked()


def _mark(event: Message) -> TickKind | None:
    """The mark that an event leaves on the plots."""
    match event:
        case StepsChanged(planned=True):
            return None
        case CheckpointSaved():
            return "save" if event.reason == "key" else None
        case _:
            return MARKS.get(type(event))


def fold_into(arms: dict[Arm, ArmView], event: Event) -> None:
    """Take an event into the arm that it is about, which begins with its `ArmStarted`."""
    arm: Arm | None = getattr(event, "arm", None)
    if isinstance(event, ArmStarted):
        arms.setdefault(event.arm, ArmView(arm=event.arm))
    if arm in arms:
        arms[arm].fold(event)
