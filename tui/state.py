"""What the screen knows, folded from the engine's events. Loads no Textual: a test needs no screen."""

from dataclasses import replace
from typing import assert_never

from engine.figures.arm import ArmView, fold_into
from engine.protocol import (
    Arm,
    ArmFinished,
    ArmStarted,
    ArmSuspended,
    AverageScored,
    BestTested,
    CheckpointDamaged,
    CheckpointFailed,
    CheckpointSaved,
    CheckpointSent,
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
    FindRate,
    FolderAwaited,
    GroupFrozen,
    HeadFitted,
    HistoryBegins,
    HistoryEnds,
    HookFailed,
    ImageSkipped,
    JournalFailed,
    LabelCorrected,
    LoaderStuck,
    Loading,
    MicroBatchChanged,
    Part,
    Paused,
    PeerRefused,
    PicturesNoted,
    PicturesPrepared,
    Preparing,
    RankSilent,
    RateChanged,
    RatesSwept,
    RecordedAt,
    RestorePoint,
    RestorePoints,
    Resumed,
    Rewound,
    RunFailed,
    RunFinished,
    RunStarted,
    SettingsChanged,
    StepsChanged,
    StopPlanned,
    Suspects,
    SweepingRates,
    SystemSample,
    TimeLimited,
    TrainStep,
    Watching,
)
from tui.activity import Activity
from tui.escaping import escaped
from tui.figures.clinic import Clinic
from tui.figures.sweep import Sweep, folded
from tui.note_log import UNKNOWN, NoteLog
from tui.notes import Note, note_of
from tui.plots.plotview import PlotView
from tui.waiting import WAITED_FOR, answered

# On the plots; these come often.
NEVER_DRAWN = (Loading, Preparing, Evaluating, SweepingRates, SystemSample, Watching, PeerRefused)


class UiState(Activity, NoteLog):
    """All that is shown. Events change it through `fold`; keys change `selected`, `plots`, `note` and `waiting`."""

    def __init__(self, over: str = "", locked: str = "") -> None:
        """`over` says how a run ended that is only looked at; the end of its journal does not matter then.

        `locked` says why the run cannot be steered from here; empty if it can.
        """
        Activity.__init__(self)
        NoteLog.__init__(self)
        self.over = over
        self.locked = locked
        self.run: RunStarted | None = None
        self.arm: Arm | None = None
        self.arms: dict[Arm, ArmView] = {}
        self.checkpoint: CheckpointSaved | None = None
        self.sent: CheckpointSent | None = None
        self.skipped = 0
        self.system: SystemSample | None = None
        self.drawn = 0
        "grows with every change that the plots show"
        self.selected = ""
        "name of the group that the keys change"
        self.watching = 0
        "how many screens show the run, this one included"
        self.plots = PlotView()
        self.clinic = Clinic()
        self.sweep: Sweep | None = None
        "the sweep over learning rates at the current step"
        self.replays = 0
        "how often a history has been replayed"
        self.waiting: list[Command] = []
        "commands of this screen that have not been answered yet, oldest first"
        self._rewound = False
        self._points: dict[Arm, tuple[RestorePoint, ...]] = {}
        self._history: UiState | None = None
        "the state of a history that is being replayed; it replaces this one when it is complete"

    @property
    def view(self) -> ArmView | None:
        """The current arm."""
        return self.arms.get(self.arm) if self.arm is not None else None

    @property
    def part(self) -> Part:
        """The pictures that are scored after each epoch."""
        return "val" if self.run is not None and self.run.val_images else "test"

    @property
    def points(self) -> tuple[RestorePoint, ...]:
        """The restore points of the current arm, oldest step first."""
        return self._points.get(self.arm, ()) if self.arm is not None else ()

    def fold(self, event: Event) -> None:
        """Take in an event; a history that is replayed is shown when all of it has come."""
        if isinstance(event, HistoryBegins):
            self._history = UiState()
            self._history.recorded = UNKNOWN
        elif isinstance(event, HistoryEnds):
            self._become(self._history, event)
        elif self._history is not None and not isinstance(event, Loading):  # how far the history is
            self._history.fold(event)
        else:
            self._fold(event)

    def ask(self, command: Command) -> None:
        """Remember what a command asks for."""
        if self.view is not None:
            self.view.ask(command)
        if isinstance(command, WAITED_FOR):
            self.waiting.append(command)
        if isinstance(command, FindRate):
            self.sweep = None

    def _fold(self, event: Event) -> None:
        if isinstance(event, RecordedAt):
            self.recorded = event.time
            return
        self.waiting = [command for command in self.waiting if not answered(command, event)]
        event = escaped(event)
        self._say(event)
        arm: Arm | None = getattr(event, "arm", None)
        self.busy = self.busy if arm is None else None
        fold_into(self.arms, event)
        self.clinic.fold(event)
        self.sweep = None if isinstance(event, TrainStep | ArmStarted) else folded(self.sweep, event)
        self._react(event)
        if why := self.why.fold(event, self.run, self.view):
            self.tell(Note(why, "warning", shown=False))
        if not isinstance(event, NEVER_DRAWN):
            self.drawn += 1

    def _react(self, event: Event) -> None:
        self.follow(event, finished=self._finished)
        match event:
            case Watching():
                self.watching = event.count
            case RunStarted():
                self.run, self.arm = event, None
                self.begin_run()
            case ArmStarted():
                self._arm_started(event)
            case ImageSkipped():
                self.skipped = event.count
            case CheckpointSaved():
                self.checkpoint = event
            case CheckpointSent():
                self.sent = event
            case RestorePoints():
                self._points[event.arm] = event.points
            case SystemSample():
                self.system = event
            case RunFailed():
                self.note = Note("")  # its panel says it
            case (
                (Loading() | TrainStep() | Resumed() | Evaluating() | EvalDone() | EpochsChanged() | CompileChosen())
                | (Compiled() | Paused() | StopPlanned() | Preparing() | PicturesPrepared() | ArmFinished())
                | (RunFinished() | Confusion() | EpochDone() | RateChanged() | GroupFrozen() | MicroBatchChanged())
                | (SweepingRates() | RatesSwept() | RecordedAt() | RankSilent())
                | (HeadFitted() | AverageScored() | BestTested() | StepsChanged())
                | (Diverged() | Rewound() | ArmSuspended() | CommandRefused() | SettingsChanged() | LoaderStuck())
                | (JournalFailed() | CheckpointFailed() | CheckpointDamaged() | HookFailed() | PeerRefused())
                | (LabelCorrected() | Suspects() | PicturesNoted() | ControlFailed() | FolderAwaited())
                | (HistoryBegins() | HistoryEnds() | TimeLimited())
            ):
                pass  # the activity, the arm or the note of the event says it all
            case _:
                assert_never(event)

    def _say(self, event: Event) -> None:
        note = note_of(event) if self.unsaved.fold(event) and not self._ends_an_epoch(event) else None
        if note is not None and self.waiting and note.level not in ("warning", "bad"):
            note = replace(note, shown=False)  # the message line keeps what the user waits for
        if note is not None and not (isinstance(event, ArmStarted) and self._rewound):
            self.tell(note)
        # After a rewind the arm goes on; the note of the rewind has said so.
        self._rewound = isinstance(event, Rewound) or (self._rewound and not isinstance(event, ArmStarted))

    def _ends_an_epoch(self, event: Event) -> bool:
        """Whether `EpochDone` follows, whose note has the score, too."""
        return isinstance(event, EvalDone) and event.arm in self.arms and self.arms[event.arm].ends_epoch(event.step)

    def _become(self, past: "UiState | None", event: HistoryEnds) -> None:
        """Become what the history says, and keep what only this screen knows."""
        assert past is not None, "a history ends that has not begun"
        past.system, past.watching, past._points = self.system, self.watching, self._points
        past.plots, past.replays, past.locked = self.plots, self.replays + 1, self.locked
        past.waiting, past.busy, past.recorded = self.waiting, None, None
        past.selected, past.logged, past.drawn = self.selected or past.selected, self.logged + 1, self.drawn + 1
        if not event.current:
            past.phase, past.loading, past.note, past.failure = "loading", self.loading, self.note, None
        if self.over:
            past.over, past.note = self.over, Note(self.over)
            past.phase = "failed" if past.phase == "failed" else "ended"
        vars(self).update(vars(past))

    def _arm_started(self, event: ArmStarted) -> None:
        switched, self.arm = event.arm != self.arm, event.arm
        self.begin_arm(switched=switched, finished=self._finished)
        groups = self.arms[event.arm].groups
        if self.selected not in groups:
            self.selected = next(iter(groups), "")

    @property
    def _finished(self) -> bool:
        """Whether the current arm has done its epochs."""
        return self.view is not None and self.view.finished
