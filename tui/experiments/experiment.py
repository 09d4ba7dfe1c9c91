"""What the experiments share: each takes the events of the run and answers with its next commands."""

from typing import ClassVar

from engine.figures.arm import ArmView
from engine.protocol import (
    Arm,
    ArmFinished,
    ArmSuspended,
    CheckpointFailed,
    CheckpointSaved,
    Command,
    CommandRefused,
    Event,
    HistoryBegins,
    Rewound,
    RunFailed,
    RunFinished,
    SetEpochs,
    name_of,
)
from tui import refusals as no
from tui.format import clock
from tui.state import UiState


class Experiment:
    """An experiment. It uses only ordinary commands, so all of it is journaled and can be undone by a rewind."""

    name: ClassVar[str]
    "what is done, for the palette"
    help: ClassVar[str]
    "one sentence"
    head: ClassVar[tuple[str, ...]]
    "names of the columns of its table"
    kept_as: ClassVar[str] = "key"
    "reason of the checkpoint that is saved where it begins"

    def __init__(self) -> None:
        self.arm: Arm | None = None
        "the arm it is made on; `None` before it begins"
        self.rows: list[tuple[str, ...]] = []
        "its table so far"
        self.point = ""
        "name of the restore point where it began; empty until that is on the disk"
        self.over = ""
        "how it ended, in a sentence; empty until then"
        self._asked: set[str] = set()

    @classmethod
    def refusal(cls, state: UiState) -> str:
        """Why it cannot begin now; empty if it can."""
        if reason := no.without_run(state):
            return reason
        if state.arm == "scratch":
            return "this is the scratch arm; m switches"
        return "training is paused; p goes on" if state.paused else ""

    @classmethod
    def expect(cls, state: UiState) -> str:
        """What will be done, and what to expect, in a few sentences."""
        raise NotImplementedError

    def begin(self, state: UiState) -> list[Command]:
        """Begin; the first commands. `refusal` must be empty."""
        view = state.view
        assert view is not None, "refused without a run"
        self.arm = view.arm
        return self._ask(self._first(view))

    def fold(self, event: Event) -> list[Command]:
        """Take in an event; the next commands."""
        if self.over or getattr(event, "arm", self.arm) != self.arm:
            return []
        if isinstance(event, CheckpointSaved) and event.reason == self.kept_as and not self.point:
            self.point = event.point
        self.over = self._broken_off(event)
        return [] if self.over else self._ask(self._next(event))

    def is_moot(self, event: Event) -> bool:
        """Whether an event after the end only refuses a command that was sent before the end."""
        return False

    def end(self, why: str) -> None:
        """End the experiment; it sends no more commands."""
        self.over = self.over or why

    def _first(self, view: ArmView) -> list[Command]:
        raise NotImplementedError

    def _next(self, event: Event) -> list[Command]:
        raise NotImplementedError

    def _ask(self, commands: list[Command]) -> list[Command]:
        self._asked |= {name_of(command) for command in commands}
        return commands

    def _broken_off(self, event: Event) -> str:
        """Why it cannot go on after this event; empty if it can."""
        match event:
            case CommandRefused() if event.command in self._asked:
                return f"the run refused {event.command}: {event.reason}"
            case CheckpointFailed() if not self.point:
                return f"the state to go back to could not be saved: {event.message}"
            case Rewound():
                return f"the run went back to step {event.step}: {event.reason}"
            case ArmSuspended():
                return "the run switched to the other arm"
            case ArmFinished():
                return "the arm has done all its epochs"
            case RunFinished():
                return "the run has ended"
            case RunFailed():
                return f"the run failed: {event.title}"
            case HistoryBegins():
                return "the connection to the run was lost, and what happened meanwhile was not seen here"
            case _:
                return ""


class OfTheBackbone(Experiment):
    """An experiment that needs a backbone that is trained."""

    @classmethod
    def refusal(cls, state: UiState) -> str:
        """Also refused while the backbone is not trained."""
        return no.not_training(state) or super().refusal(state) or no.backbone_frozen(state)


def trained_backbone(view: ArmView) -> list[str]:
    """The groups of the backbone that are not frozen."""
    return [name for name, group in view.backbone.items() if not group.frozen]


def further_epochs(view: ArmView, epochs: int) -> list[Command]:
    """The command needed for `epochs` to be left, the one in progress included; empty where they are left already."""
    wanted = len(view.curves.history) + epochs
    return [SetEpochs(wanted)] if view.wanted_epochs < wanted else []


def duration(state: UiState, epochs: int) -> str:
    """`epochs` in words, with the time they take where that is known."""
    view = state.view
    if view is None or state.run is None:
        return f"{epochs} epochs"
    seconds = view.seconds_per_step(state.run.batch_size)
    return f"{epochs} epochs" + (f", about {clock(epochs * view.steps_per_epoch * seconds)}" if seconds else "")
