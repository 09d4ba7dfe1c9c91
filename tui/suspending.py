"""Ctrl+Z: training pauses first, so that the time in which it is stopped does not count as time spent."""

from collections.abc import Callable

from engine.protocol import Command, CommandRefused, Event, Pause, Resume
from tui.notes import Note, not_now
from tui.state import UiState
from tui.terminal.ending import EndableApp
from tui.waiting import answered

WITH_TRAINING = "suspended, and training with it: `fg` brings both back; D there lets training go on without a screen"
ALONE = "suspended; training goes on elsewhere: `fg` brings the screen back"
OVER = "suspended: `fg` brings the screen back"
SOON = Note("suspending after this step… ctrl+z again: at once", kept=False)


class Suspending:
    """Pauses what this process trains, suspends it, and lets it go on."""

    def __init__(self, app: EndableApp, state: UiState, ask: Callable[[Command], None], *, own: bool) -> None:
        """`own`: this process trains the run."""
        self._app = app
        self._state = state
        self._ask = ask
        self._own = own
        self.waits = False
        "whether the pause is still to come"
        self._paused = False

    def begin(self) -> None:
        """Pause training, then suspend; the second time, suspend at once, as a step may take long."""
        if why := self._app.why_not_suspended():
            self._state.tell(not_now("suspend", f"{why}; D lets training go on without a screen"))
        elif self.waits or not self._own or not self._state.live or self._state.paused:
            self.stop()
        else:
            self.waits = self._paused = True
            self._ask(Pause())
            self._state.tell(SOON)

    def due(self, event: Event) -> bool:
        """Whether an event says that the pause has come, or never will: then it is time to `stop`."""
        if not self.waits or not answered(Pause(), event):
            return False
        self._paused = not isinstance(event, CommandRefused)
        return True

    def stop(self) -> None:
        """Suspend; afterwards training goes on, in the background, too."""
        self.waits = False
        said = OVER if not self._state.live else WITH_TRAINING if self._own else ALONE
        self._app.suspend_job(said, self._go_on)

    def _go_on(self) -> None:
        if self._paused:
            self._paused = False
            self._ask(Resume())
