"""A run that fails before its first step: who has filled in its form can go back to that. Loads no Textual."""

from engine.protocol import Event, HistoryBegins, HistoryEnds, RunFailed, TrainStep


class FalseStart:
    """Whether the run has failed before it trained a step, in this process."""

    def __init__(self) -> None:
        self.watched = False
        "whether there is a form to go back to"
        self.why = ""
        "why it failed; empty if it did not"
        self._may_come = True

    def follow(self, event: Event) -> None:
        """Take in an event. What a history says is of earlier processes."""
        match event:
            case HistoryBegins() | TrainStep():
                self._may_come = False
            case HistoryEnds():
                self._may_come = True
            case RunFailed() if self.watched and self._may_come:
                self.why = f"{event.title}: {event.message}"
            case _:
                pass
