"""Tells the terminal how a run is getting on: progress in the window's title, a bell and a notification at its end."""

from collections.abc import Callable, Mapping

from engine.protocol.printable import printable
from tui.activity import OVER
from tui.format import percent
from tui.looks import Looks
from tui.outcome import winner
from tui.state import UiState
from tui.terminal.abilities import NOTHING, abilities
from tui.terminal.ascii import translated
from tui.terminal.signals import Signals

GAP = " · "


class Notifying:
    """Sends nothing where the user wants nothing, or the terminal understands nothing."""

    def __init__(
        self, state: UiState, looks: Looks, send: Callable[[str], object], environment: Mapping[str, str]
    ) -> None:
        """`send` writes to the terminal between two frames."""
        self._state, self._ascii = state, looks.ascii
        self._signals = Signals(abilities(environment) if looks.notify else NOTHING, send)

    def follow(self) -> None:
        """Name the window after what the run is doing."""
        self._signals.title(self._text(heading(self._state)))

    def ended(self) -> None:
        """Call the user: the run has ended."""
        self._signals.attention(self._text(ending(self._state)))

    def leave(self) -> None:
        """Give the window its own name back."""
        self._signals.end()

    def _text(self, text: str) -> str:
        return translated(text) if self._ascii else text


def heading(state: UiState) -> str:
    """The title: `62 % · val 93.1 % · RUN`."""
    name = printable(state.run.name) if state.run is not None else "finetune-tui"
    view = state.view
    if view is None or not view.total_steps:
        return f"{state.phase}{GAP}{name}"
    done = "" if state.phase == "training" else f"{state.phase}, "
    parts = [f"{done}{percent(view.step / view.total_steps, 0)}"]
    if view.curves.evaluations:
        parts.append(f"{state.part} {percent(view.curves.evaluations[-1].accuracy)}")
    return GAP.join([*parts, name])


def ending(state: UiState) -> str:
    """The notification of an end, in a few words."""
    name = printable(state.run.name) if state.run is not None else "the run"
    if state.failure is not None:
        return f"{name} failed: {state.failure.title}"
    assert state.phase in OVER, "it has not ended"
    best = view.best_weights.best() if (view := winner(state)) is not None else None
    score = f", best {percent(best.score.accuracy)}" if best is not None else ""
    what = f"{state.arm} is done" if state.view is not None and state.view.finished else "the run has ended"
    return f"{name}: {what}{score}"
