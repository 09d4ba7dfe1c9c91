"""Whether a run in another process has ended, or only the connection to it."""

from engine.protocol import Event, HistoryEnds, RunFailed, RunFinished, RunStarted


class Outcome:
    """Follows the events of a run. Its end need not be the last of them: news about watchers may come after it."""

    def __init__(self) -> None:
        self.begun = False
        self.ended = False

    def update(self, event: Event) -> None:
        """Take in an event, of the history too."""
        match event:
            case RunFinished() | RunFailed():
                self.ended = True
            case RunStarted():
                self.begun, self.ended = True, False
            case HistoryEnds(current=False):  # the history is that of an earlier process
                self.begun, self.ended = False, False
