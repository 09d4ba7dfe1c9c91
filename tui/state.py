"""What the screen knows, folded from the engine's events. Loads no Textual: a test needs no screen."""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal, assert_never

from engine.protocol import (
    Arm,
    ArmFinished,
    ArmStarted,
    ArmSuspended,
    CheckpointDamaged,
    CheckpointFailed,
    CheckpointSaved,
    CommandRefused,
    CompileChosen,
    Compiled,
    EpochDone,
    EvalDone,
    Evaluating,
    Event,
    Group,
    ImageSkipped,
    JournalFailed,
    Loading,
    Paused,
    PicturesPrepared,
    Preparing,
    RateChanged,
    Resumed,
    RunFailed,
    RunFinished,
    RunStarted,
    SystemSample,
    TrainStep,
)
from tui.notes import Note, note_of
from tui.series import Series

Phase = Literal["loading", "training", "evaluating", "paused", "finished", "ended", "failed"]
"`finished`: the arm in hand has done its epochs; `ended`: the engine has"

LOG_LINES = 1000
SPEED_WINDOW = 20  # steps the shown images/s and data wait are averaged over


@dataclass
class ArmView:
    """One arm as far as it has been seen."""

    arm: Arm
    step: int = 0
    epoch: int = 1
    epochs: int = 0
    steps_per_epoch: int = 1
    groups: dict[str, Group] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    "rate of each group in the last update"
    asked: dict[str, float] = field(default_factory=dict)
    "base rates asked for and not acknowledged yet"
    history: list[EpochDone] = field(default_factory=list)
    evaluations: list[EvalDone] = field(default_factory=list)
    train_loss: Series = field(default_factory=Series)
    train_accuracy: Series = field(default_factory=Series)
    images_per_second: float = 0.0
    data_wait: float = 0.0
    finished: bool = False

    @property
    def total_steps(self) -> int:
        """Steps of all epochs."""
        return self.epochs * self.steps_per_epoch

    @property
    def best(self) -> EvalDone | None:
        """The first evaluation that no other was better than."""
        return max(self.evaluations, key=lambda evaluation: evaluation.accuracy, default=None)

    def seconds_left(self, batch_size: int) -> float | None:
        """Time to the end of the arm, from its epochs so far or else from its speed."""
        left = self.total_steps - self.step
        if self.history and self.history[-1].step:
            return left * self.history[-1].seconds / self.history[-1].step
        return left * batch_size / self.images_per_second if self.images_per_second else None

    def base_rate(self, group: str) -> float:
        """The base rate asked for last, acknowledged or not."""
        return self.asked.get(group, self.groups[group].base_lr)


class UiState:
    """All that is shown. `fold` alone changes it, but for `selected`, `note` and `asked`, which keys change."""

    def __init__(self) -> None:
        self.phase: Phase = "loading"
        self.loading = Loading("starting")
        self.run: RunStarted | None = None
        self.arm: Arm | None = None
        self.arms: dict[Arm, ArmView] = {}
        self.evaluating: Evaluating | None = None
        self.preparing: Preparing | None = None
        "what is still being done for the first and only time"
        self.checkpoint: CheckpointSaved | None = None
        self.skipped = 0
        self.system: SystemSample | None = None
        self.failure: RunFailed | None = None
        self.note = Note("")
        self.log: deque[Note] = deque(maxlen=LOG_LINES)
        self.logged = 0
        self.drawn_steps = 0
        "grows with everything the plots show"
        self.selected = ""
        "name of the group whose rate the keys change"

    @property
    def view(self) -> ArmView | None:
        """The arm in hand."""
        return self.arms.get(self.arm) if self.arm is not None else None

    @property
    def live(self) -> bool:
        """Whether there is training that an end now would break off."""
        return self.phase in ("training", "evaluating", "paused")

    def fold(self, event: Event) -> None:
        """Take in an event."""
        if note := note_of(event):
            self.tell(note)
        match event:
            case Loading():
                self.loading = event
            case RunStarted():
                self.run, self.arm, self.phase, self.failure = event, event.arm, "training", None
            case ArmStarted():
                self._arm_started(event)
            case TrainStep():
                self._train_step(event)
            case Evaluating():
                self.evaluating, self.phase = event, "evaluating"
            case EvalDone():
                self.evaluating, self.phase = None, "training"
                self.arms[event.arm].evaluations.append(event)
                self.drawn_steps += 1
            case EpochDone():
                self.arms[event.arm].history.append(event)
            case ImageSkipped():
                self.skipped = event.count
            case CheckpointSaved():
                self.checkpoint = event
            case Paused():
                self.phase = "paused"
            case Resumed():
                self.phase = "training"
            case RateChanged():
                self._rate_changed(event)
            case ArmFinished():
                self.arms[event.arm].finished, self.phase = True, "finished"
            case RunFinished():
                self.phase = "ended"
            case RunFailed():
                self.failure, self.phase, self.note = event, "failed", Note("")
            case SystemSample():
                self.system = event
            case CommandRefused():
                if event.arm in self.arms:
                    self.arms[event.arm].asked.clear()
            case Preparing():
                self.preparing = event if event.done < event.total else None
            case PicturesPrepared():
                self.preparing = None
            case (
                CompileChosen()
                | Compiled()
                | CheckpointFailed()
                | CheckpointDamaged()
                | JournalFailed()
                | ArmSuspended()
            ):
                pass  # their note says it all
            case _:
                assert_never(event)

    def tell(self, note: Note) -> None:
        """Show a note, and keep it in the log if it is worth that."""
        if note.shown:
            self.note = note
        if note.kept:
            self.log.append(note)
            self.logged += 1

    def _arm_started(self, event: ArmStarted) -> None:
        view = self.arms.setdefault(event.arm, ArmView(event.arm))
        self.arm, self.phase, self.evaluating = event.arm, "training", None
        view.step, view.epoch, view.epochs = event.step, event.epoch, event.epochs
        view.steps_per_epoch = event.steps_per_epoch
        view.groups = {group.name: group for group in event.groups}
        view.asked.clear()
        # What was seen after this step is void: a crash lost it, and it is trained again.
        view.train_loss.cut(event.step)
        view.train_accuracy.cut(event.step)
        view.history = [row for row in view.history if row.step <= event.step]
        view.evaluations = [row for row in view.evaluations if row.step <= event.step]
        view.finished = len(view.history) == view.epochs
        if view.finished:
            self.phase = "finished"
        self.drawn_steps += 1
        if self.selected not in view.groups:
            self.selected = next(iter(view.groups), "")

    def _train_step(self, event: TrainStep) -> None:
        view = self.arms[event.arm]
        view.step, view.epoch, view.rates = event.step, event.epoch, event.learning_rates
        view.train_loss.add(event.step, event.loss)
        view.train_accuracy.add(event.step, event.accuracy)
        share = 1 / SPEED_WINDOW if view.images_per_second else 1.0
        view.images_per_second += share * (event.images_per_second - view.images_per_second)
        view.data_wait += share * (event.data_wait - view.data_wait)
        self.phase = "training"
        self.drawn_steps += 1

    def _rate_changed(self, event: RateChanged) -> None:
        view = self.arms[event.arm]
        old = view.groups[event.group]
        view.groups[event.group] = Group(old.name, old.parameters, event.base_lr)
        if view.asked.get(event.group) == event.base_lr:
            del view.asked[event.group]
