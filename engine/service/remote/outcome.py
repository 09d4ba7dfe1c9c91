"""Whether a run that is watched from afar has ended, or only the connection to it."""

from engine.protocol import Event, HistoryEnds, RunFailed, RunFinished, RunStarted


class Outcome:
    """Follows what is told. A run's end need not be the last of it: who else watches is told after it, too."""

    def __init__(self) -> None:
        self.begun = False
        self.ended = False

    def note(self, event: Event) -> None:
        """Take in what is told, history included."""
        match event:
            case RunFinished() | RunFailed():
                self.ended = True
            case RunStarted():
                self.begun, self.ended = True, False
            case HistoryEnds(current=False):  # what has begun and ended was the process before
                self.begun, self.ended = False, False
