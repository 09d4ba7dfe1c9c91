"""The ways to leave while training is under way: what each asks of the engine, and when the screen may close."""

from typing import Literal

from engine.protocol import Command, CommandRefused, Event, Resume, RunFinished, Stop, StopAfterEpoch, StopPlanned
from tui.screens.quit import Choice

ANSWERS: dict[Choice, str] = {
    "save": "saving after this step, then leaving…",
    "after_epoch": "leaving when this epoch is done and saved…",
    "leave": "leaving after this step…",
}


class Leaving:
    """Whether the screen closes when the run has ended. It stays if the command is refused or taken back."""

    def __init__(self) -> None:
        self.by: Literal["", "stop", "stop_after_epoch"] = ""
        "the command that is to end the run; empty: the screen stays"

    def choose(self, choice: Choice, paused: bool) -> list[Command]:
        """Choose a way to leave; the commands for it."""
        if choice != "after_epoch":
            self.by = "stop"
            return [Stop(save=choice == "save")]
        self.by = "stop_after_epoch"
        return [StopAfterEpoch(), *([Resume()] if paused else [])]  # a paused epoch would never end

    def done(self, event: Event) -> bool:
        """Whether the screen closes now."""
        match event:
            case CommandRefused() if event.command == self.by:
                self.by = ""
            case StopPlanned(planned=False) if self.by == "stop_after_epoch":
                self.by = ""
            case _:
                pass
        return isinstance(event, RunFinished) and self.by != ""
