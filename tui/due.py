"""When the screen is to be drawn: at its pace, and at once where that cannot wait. Loads no Textual."""

import math

from tui.looks import Looks
from tui.state import OVER, UiState

EARLY = 0.05  # seconds that a drawing may be before its time, so that it need not wait for the next tick


class Due:
    """Remembers when what was drawn last; times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._numbers = self._plots = -math.inf
        self._urgent: object = None
        self._told = (0, 0, "")

    def plots(self, state: UiState, looks: Looks, now: float) -> bool:
        """Whether the plots are to be drawn, and all else with them."""
        return now - self._plots >= looks.plots - EARLY or _told(state) != self._told

    def numbers(self, state: UiState, looks: Looks, now: float) -> bool:
        """Whether all else is to be drawn."""
        return now - self._numbers >= looks.refresh - EARLY or _urgent(state) != self._urgent

    def drawn(self, state: UiState, now: float, plots: bool) -> None:
        """Remember that everything has been drawn, or everything but the plots."""
        self._numbers, self._urgent = now, _urgent(state)
        if plots:
            self._plots, self._told = now, _told(state)


def _urgent(state: UiState) -> object:
    """What is drawn as soon as it changes: what is going on, and the answer to a key."""
    return state.phase, state.note


def _told(state: UiState) -> tuple[int, int, str]:
    """What the plots show all at once: the history of the run, older runs, and its end."""
    overlay = state.plots.overlay
    return state.told, overlay.drawn if overlay is not None else 0, state.phase if state.phase in OVER else ""
