"""Help: what the focused pane shows, what the keys do, and what the words mean."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui import words
from tui.experiments import EXPERIMENTS
from tui.keys import Key, keys_of
from tui.keys.screen import SCREEN
from tui.keys.steering import STEERING
from tui.panes import PANES
from tui.screens.sheet import Rows, Sheet

WAYS_OUT = ("detach", "leave")


class HelpScreen(ModalScreen[None]):
    """All keys and words, scrolling where the terminal is small."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,h,q", "dismiss", show=False)]

    def __init__(self, pane: str = "", kind: str = "") -> None:
        """`pane` has the focus; its own keys are those of its `kind`."""
        super().__init__()
        self._pane = pane
        self._kind = kind

    def compose(self) -> ComposeResult:
        """All lists in one sheet."""
        title = f"help: {self._pane}" if self._pane else "help"
        yield Sheet(title, [*_focused(self._pane, self._kind), *_general()])


def _focused(name: str, kind: str) -> list[tuple[str, Rows]]:
    """The focused pane: its keys, and what its labels mean."""
    pane = next((pane for pane in PANES if pane.name == name), None)
    if pane is None:
        return []
    keys = _rows(keys_of(kind))
    return [(f"Pane {name}", [(pane.digit, pane.help), *keys]), ("Reads", words.PANES.get(name, {}).items())]


def _general() -> list[tuple[str, Rows]]:
    """Keys and words that do not depend on the pane."""
    screen = [key for key in SCREEN if key.name not in WAYS_OUT]
    look = [*_rows(screen), ("tab", "Give the next pane the focus; ? then explains what stands in it.")]
    experiments = "; ".join(experiment.name for experiment in EXPERIMENTS)
    look.append(("ctrl+p", f"Search all commands, themes, and three experiments to learn from: {experiments}."))
    return [
        ("Steer", _rows(STEERING)),
        ("Look", look),
        ("Leave", _rows(key for key in SCREEN if key.name in WAYS_OUT)),
        ("Words", words.WORDS),
    ]


def _rows(keys: Iterable[Key]) -> list[tuple[str, str]]:
    return [(" ".join(key.keys), key.help) for key in keys]
