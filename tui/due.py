"""When the screen is to be drawn: at its pace, or at once where something urgent changed. Loads no Textual."""

import math

from tui.activity import OVER
from tui.looks import Looks
from tui.state import UiState

EARLY = 0.05  # seconds that a drawing may be before its time, so that it need not wait for the next tick


class Due:
    """Remembers when the plots and the numbers were drawn last. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._numbers = self._plots = -math.inf
        self._urgent: object = None
        self._at_once = (0, 0, "")

    def plots(self, state: UiState, looks: Looks, now: float) -> bool:
        """Whether everything is to be drawn now, the plots included."""
        return now - self._plots >= looks.plots - EARLY or _at_once(state) != self._at_once

    def numbers(self, state: UiState, looks: Looks, now: float) -> bool:
        """Whether everything but the plots is to be drawn now."""
        return now - self._numbers >= looks.refresh - EARLY or _urgent(state) != self._urgent

    def drawn(self, state: UiState, now: float, plots: bool) -> None:
        """Remember that everything has been drawn; without `plots`, everything but those."""
        self._numbers, self._urgent = now, _urgent(state)
        if plots:
            self._plots, self._at_once = now, _at_once(state)


def _urgent(state: UiState) -> object:
    """What is drawn as soon as it changes: the phase, and the answer to a key."""
    return state.phase, state.note


def _at_once(state: UiState) -> tuple[int, int, str]:
    """What the plots show as soon as it changes: a replayed history, older runs, the end of the run."""
    overlay = state.plots.overlay
    return state.replays, overlay.drawn if overlay is not None else 0, state.phase if state.phase in OVER else ""
