"""What the screen knows, folded from the engine's events. Loads no Textual: a test needs no screen."""

from collections import deque
from dataclasses import replace
from typing import Literal, assert_never

from engine.protocol import (
    Arm,
    ArmFinished,
    ArmStarted,
    ArmSuspended,
    CheckpointDamaged,
    CheckpointFailed,
    CheckpointSaved,
    Command,
    CommandRefused,
    CompileChosen,
    Compiled,
    Confusion,
    ControlFailed,
    Diverged,
    EpochDone,
    EpochsChanged,
    EvalDone,
    Evaluating,
    Event,
    GroupFrozen,
    HistoryBegins,
    HistoryEnds,
    HookFailed,
    ImageSkipped,
    JournalFailed,
    LoaderStuck,
    Loading,
    MicroBatchChanged,
    Paused,
    PeerRefused,
    PicturesPrepared,
    Preparing,
    RateChanged,
    RestorePoint,
    RestorePoints,
    Resumed,
    Rewound,
    RunFailed,
    RunFinished,
    RunStarted,
    SettingsChanged,
    StopPlanned,
    SystemSample,
    TrainStep,
    Watching,
)
from tui.figures.arm import ArmView, fold_into
from tui.notes import Note, note_of
from tui.plots.plotview import PlotView
from tui.waiting import WAITED_FOR, answered

Phase = Literal["loading", "training", "compiling", "evaluating", "paused", "finished", "ended", "failed"]
"`finished`: the arm in hand has done its epochs; `ended`: the engine has"
OVER: tuple[Phase, ...] = ("finished", "ended", "failed")
"those in which nothing is trained any more"

LOG_LINES = 1000
NEVER_DRAWN = (Loading, Preparing, Evaluating, SystemSample, Watching, PeerRefused)  # on the plots; these come often


class UiState:
    """All that is shown. `fold` alone changes it, but for what keys do: `selected`, `plots`, `note`, what was asked."""

    def __init__(self, over: str = "", locked: str = "") -> None:
        """`over`: what became of a run that is only looked at, whatever its journal ends with; `locked`: why a
        run may not be steered from here, empty if it may."""
        self.over = over
        self.locked = locked
        self.phase: Phase = "loading"
        self.loading = Loading("starting")
        self.busy: Loading | None = None
        "something slow between two steps, such as a download for the other arm"
        self.run: RunStarted | None = None
        self.arm: Arm | None = None
        self.arms: dict[Arm, ArmView] = {}
        self.paused = False
        "whether training waits, an evaluation in a pause included"
        self.freed = False
        "whether the GPU's memory is given back meanwhile"
        self.stop_epoch = 0
        "the epoch that the run is to end after, 0: none is planned"
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
        self.drawn = 0
        "grows with everything the plots show"
        self.selected = ""
        "name of the group that the keys change"
        self.watching = 0
        "how many look at the run, this screen included"
        self.plots = PlotView()
        self.told = 0
        "how often a history has been told"
        self.waiting: list[Command] = []
        "commands of this screen whose effect is still to come, oldest first"
        self._rewound = False
        self._points: dict[Arm, tuple[RestorePoint, ...]] = {}
        self._history: UiState | None = None
        "what is being told of the past, shown when it is complete"

    @property
    def view(self) -> ArmView | None:
        """The arm in hand."""
        return self.arms.get(self.arm) if self.arm is not None else None

    @property
    def points(self) -> tuple[RestorePoint, ...]:
        """The restore points of the arm in hand, oldest step first."""
        return self._points.get(self.arm, ()) if self.arm is not None else ()

    @property
    def stop_planned(self) -> bool:
        """Whether the run is to end after an epoch in progress."""
        return self.stop_epoch > 0

    @property
    def live(self) -> bool:
        """Whether there is training that an end now would break off."""
        return self.phase in ("training", "compiling", "evaluating", "paused")

    def fold(self, event: Event) -> None:
        """Take in an event; what is told of the past shows when it is complete."""
        if isinstance(event, HistoryBegins):
            self._history = UiState()
        elif isinstance(event, HistoryEnds):
            self._retold(event)
        elif self._history is not None:
            self._history.fold(event)
        else:
            self._fold(event)

    def ask(self, command: Command) -> None:
        """Remember what a command asks for."""
        if self.view is not None:
            self.view.ask(command)
        if isinstance(command, WAITED_FOR):
            self.waiting.append(command)

    def _fold(self, event: Event) -> None:
        self.waiting = [command for command in self.waiting if not answered(command, event)]
        self._say(event)
        arm: Arm | None = getattr(event, "arm", None)
        self.busy = self.busy if arm is None else None
        fold_into(self.arms, event)
        self._react(event)
        if not isinstance(event, NEVER_DRAWN):
            self.drawn += 1

    def _react(self, event: Event) -> None:
        match event:
            case Watching():
                self.watching = event.count
            case Loading():
                self.loading = self.busy = event
            case RunStarted():
                self._run_started(event)
            case ArmStarted():
                self._arm_started(event)
            case TrainStep() | Resumed():
                self.paused, self.freed = False, False
                self._rest()
            case Evaluating():
                self.evaluating, self.phase = event, "evaluating"
            case CompileChosen(worth=True):
                self.phase = "compiling"
            case Compiled():
                self._rest()
            case EvalDone() | EpochsChanged():  # more epochs revive an arm
                self.evaluating = None
                self._rest()
            case ImageSkipped():
                self.skipped = event.count
            case CheckpointSaved():
                self.checkpoint = event
            case RestorePoints():
                self._points[event.arm] = event.points
            case Paused():
                self.paused, self.freed, self.phase = True, event.freed, "paused"
            case StopPlanned():
                self.stop_epoch = event.epoch if event.planned else 0
            case ArmFinished():
                self.phase = "finished"
            case RunFinished():
                self.phase = "ended"
            case RunFailed():
                self.failure, self.phase, self.note, self.busy = event, "failed", Note(""), None
            case SystemSample():
                self.system = event
            case Preparing():
                self.preparing = event if event.done < event.total else None
            case PicturesPrepared():
                self.preparing = None
            case (
                (
                    Confusion()
                    | EpochDone()
                    | RateChanged()
                    | GroupFrozen()
                    | MicroBatchChanged()
                    | Diverged()
                    | Rewound()
                )
                | (ArmSuspended() | CommandRefused() | SettingsChanged() | LoaderStuck() | JournalFailed())
                | (CompileChosen() | CheckpointFailed() | CheckpointDamaged())
                | (HookFailed() | PeerRefused() | ControlFailed() | HistoryBegins() | HistoryEnds())
            ):
                pass  # the arm or their note says it all
            case _:
                assert_never(event)

    def _say(self, event: Event) -> None:
        note = None if isinstance(event, EvalDone) and self._ends_an_epoch(event) else note_of(event)
        if note is not None and self.waiting and note.level in ("info", "good"):
            note = replace(note, shown=False)  # what is waited for stays in the message line
        if note is not None and not (isinstance(event, ArmStarted) and self._rewound):
            self.tell(note)
        # The arm goes on after a rewind, which has said so and why.
        self._rewound = isinstance(event, Rewound) or (self._rewound and not isinstance(event, ArmStarted))

    def _ends_an_epoch(self, event: EvalDone) -> bool:
        """Whether `EpochDone` is to follow, which says the score, too."""
        return event.arm in self.arms and event.step % self.arms[event.arm].steps_per_epoch == 0

    def tell(self, note: Note) -> None:
        """Show a note, and keep it in the log if it is worth that."""
        if note.shown:
            self.note = note
        if note.kept:
            self.log.append(note)
            self.logged += 1

    def _retold(self, event: HistoryEnds) -> None:
        """Become what the history says, with what only this screen knows."""
        told = self._history
        assert told is not None, "a history ends that has not begun"
        told.system, told.watching, told._points = self.system, self.watching, self._points
        told.plots, told.told, told.locked = self.plots, self.told + 1, self.locked
        told.waiting, told.busy = self.waiting, None
        told.selected, told.logged, told.drawn = self.selected or told.selected, self.logged + 1, self.drawn + 1
        if not event.current:
            told.phase, told.loading, told.note, told.failure = "loading", self.loading, self.note, None
        if self.over:
            told.over, told.note = self.over, Note(self.over)
            told.phase = "failed" if told.phase == "failed" else "ended"
        vars(self).update(vars(told))

    def _run_started(self, event: RunStarted) -> None:
        # Without an arm in hand there is nothing yet that a key could change.
        self.run, self.arm, self.phase, self.failure = event, None, "loading", None
        self.paused, self.freed, self.stop_epoch = False, False, 0

    def _arm_started(self, event: ArmStarted) -> None:
        view = self.arms[event.arm]
        if event.arm != self.arm:  # a switch ends a pause; a rewind does with `Resumed`
            self.paused, self.freed = False, False
        self.arm, self.evaluating = event.arm, None
        self._rest()
        if self.selected not in view.groups:
            self.selected = next(iter(view.groups), "")

    def _rest(self) -> None:
        """Be in the phase that is left when nothing is under way."""
        finished = self.view is not None and self.view.finished
        self.phase = "paused" if self.paused else "finished" if finished else "training"
