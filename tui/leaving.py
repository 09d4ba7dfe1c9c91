"""The ways out while training is under way: what each asks of the engine, and when the screen may go."""

from typing import Literal

from engine.protocol import Command, CommandRefused, Event, Resume, RunFinished, Stop, StopAfterEpoch, StopPlanned
from tui.screens.quit import Choice

ANSWERS: dict[Choice, str] = {
    "save": "saving after this step, then leaving…",
    "after_epoch": "leaving when this epoch is done and saved…",
    "leave": "leaving after this step…",
}


class Leaving:
    """Whether the screen goes when the run has ended; a refused command, or one taken back, keeps it open."""

    def __init__(self) -> None:
        self.by: Literal["", "stop", "stop_after_epoch"] = ""
        "the command that is to end the run, empty: the screen stays"

    def choose(self, choice: Choice, paused: bool) -> list[Command]:
        """Take a way out; the commands for it."""
        if choice != "after_epoch":
            self.by = "stop"
            return [Stop(save=choice == "save")]
        self.by = "stop_after_epoch"
        return [StopAfterEpoch(), *([Resume()] if paused else [])]  # a paused epoch would never end

    def done(self, event: Event) -> bool:
        """Whether the screen goes now."""
        match event:
            case CommandRefused() if event.command == self.by:
                self.by = ""
            case StopPlanned(planned=False) if self.by == "stop_after_epoch":
                self.by = ""
            case _:
                pass
        return isinstance(event, RunFinished) and self.by != ""
