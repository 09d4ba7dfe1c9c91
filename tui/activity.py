"""What the run is doing now, and what is planned. Loads no Textual."""

from typing import Literal

from engine.protocol import (
    ArmFinished,
    AverageScored,
    BestTested,
    CompileChosen,
    Compiled,
    EpochsChanged,
    EvalDone,
    Evaluating,
    Event,
    Loading,
    Paused,
    PicturesPrepared,
    Preparing,
    Resumed,
    RunFailed,
    RunFinished,
    StepsChanged,
    StopPlanned,
    TrainStep,
)
from tui.figures.why import Why

Phase = Literal["loading", "training", "compiling", "evaluating", "paused", "finished", "ended", "failed"]
"`finished`: the current arm has done its epochs; `ended`: the engine has"
ENDED: tuple[Phase, ...] = ("ended", "failed")
"those after which the engine takes no commands"
OVER: tuple[Phase, ...] = ("finished", *ENDED)
"those in which nothing is trained any more"


class Activity:
    """The phase of the run, and what is under way in it."""

    def __init__(self) -> None:
        self.phase: Phase = "loading"
        self.loading = Loading("starting")
        self.busy: Loading | None = None
        "something slow between two steps, such as a download for the other arm"
        self.paused = False
        "whether training waits; an evaluation during a pause does not change it"
        self.freed = False
        "whether the GPU's memory is given back during the pause"
        self.stop_epoch = 0
        "the epoch after which the run is to end, 0: none is planned"
        self.evaluating: Evaluating | None = None
        self.preparing: Preparing | None = None
        "work that is done only once, such as decoding the pictures"
        self.failure: RunFailed | None = None
        self.why = Why()

    @property
    def stop_planned(self) -> bool:
        """Whether the run is to end after an epoch in progress."""
        return self.stop_epoch > 0

    @property
    def live(self) -> bool:
        """Whether there is training that an end now would break off."""
        return self.phase in ("training", "compiling", "evaluating", "paused")

    def begin_run(self) -> None:
        """A run starts, or goes on in a new process: no arm has begun in it, so keys can change nothing yet."""
        self.phase, self.failure = "loading", None
        self.paused, self.freed, self.stop_epoch = False, False, 0

    def begin_arm(self, *, switched: bool, finished: bool) -> None:
        """An arm goes on; a switch to it ends a pause, but a rewind of the same arm leaves that to `Resumed`."""
        if switched:
            self.paused, self.freed = False, False
        self.evaluating = None
        self._rest(finished)

    def follow(self, event: Event, *, finished: bool) -> None:
        """Take in an event; `finished` says whether the current arm has done its epochs."""
        match event:
            case Loading():
                self.loading = self.busy = event
            case TrainStep() | Resumed():
                self.paused, self.freed = False, False
                self._rest(finished)
            case Evaluating():
                self.evaluating, self.phase = event, "evaluating"
            case EvalDone() | AverageScored() | BestTested() | EpochsChanged() | StepsChanged():
                # More epochs revive an arm.
                self.evaluating = None
                self._rest(finished)
            case CompileChosen(worth=True):
                self.phase = "compiling"
            case Compiled():
                self._rest(finished)
            case Paused():
                self.paused, self.freed, self.phase = True, event.freed, "paused"
            case StopPlanned():
                self.stop_epoch = event.epoch if event.planned else 0
            case Preparing():
                self.preparing = event if event.done < event.total else None
            case PicturesPrepared():
                self.preparing = None
            case ArmFinished():
                self.phase = "finished"
            case RunFinished():
                self.phase = "ended"
            case RunFailed():
                self.failure, self.phase, self.busy = event, "failed", None
            case _:
                pass  # it changes nothing here

    def _rest(self, finished: bool) -> None:
        """Enter the phase that is left when nothing is under way."""
        self.phase = "paused" if self.paused else "finished" if finished else "training"
