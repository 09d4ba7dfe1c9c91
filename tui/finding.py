"""The learning-rate finder: asks for a sweep, shows its curve, and sets the rates that the user takes."""

from collections.abc import Callable

from engine.protocol import Command, FindRate, SetRate
from tui.format import rate
from tui.looks import Looks
from tui.notes import Note
from tui.screens.rate_sweep import RateScreen
from tui.state import UiState

Show = Callable[[RateScreen, Callable[[float | None], None]], object]
"shows a screen; the other argument gets its answer"


class RateFinding:
    """Finds a rate for the current arm, which is paused."""

    def __init__(self, state: UiState, ask: Callable[[Command], None], show: Show) -> None:
        self._state = state
        self._ask = ask
        self._show = show

    def open(self, looks: Looks) -> None:
        """Show the sweep of the current step; make one if there is none."""
        if self._state.sweep is None:
            self._sweep()
        self._show(RateScreen(self._state, self._sweep, looks), self._take)

    def _sweep(self) -> None:
        self._state.tell(Note("finding a learning rate…", kept=False))
        self._ask(FindRate())

    def _take(self, base_lr: float | None) -> None:
        """Give the group of the sweep this base rate, and the other groups theirs in proportion."""
        view, sweep = self._state.view, self._state.sweep
        if base_lr is not None and view is not None and sweep is not None:
            self._state.tell(Note(f"all rates: {sweep.group} {rate(base_lr)}…", kept=False))
            for group, given in view.rates_in_proportion(sweep.group, base_lr).items():
                self._ask(SetRate(group, given))
