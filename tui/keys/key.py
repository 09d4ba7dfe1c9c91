"""A row of the table of keys."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from textual.binding import Binding, BindingType

from engine.protocol import Command
from tui.state import UiState


@dataclass(frozen=True)
class Key:
    """A row of the table."""

    name: str
    "for the app's actions and tests"
    keys: tuple[str, ...]
    "as Textual names them; the first one is shown"
    shown: str
    "the key as printed on a keyboard"
    label: str
    "one or two words for the footer"
    help: str
    "one sentence"
    build: Callable[[UiState], Command] | None = None
    "makes the command; called only if `refusal` is empty; `None`: the key is for the app's own action `name`"
    refusal: Callable[[UiState], str] = lambda state: ""
    "why it cannot be done now; empty if it can"
    answer: Callable[[UiState], str] = lambda state: ""
    "says what the engine has been asked for"
    rank: int = 1
    "where the footer is too narrow, keys with larger ranks are left out first; rank 0 never is"

    pane: str = ""
    "the kind of panes that have this key while they have the focus; empty: it works everywhere"

    in_dialogs: bool = False
    "whether it works while a dialog is open, too"

    @property
    def steers(self) -> bool:
        """Whether it does something to the run."""
        return self.build is not None or self.name in ("rewind", "find_rate")

    def why_not(self, state: UiState) -> str:
        """Why it would do nothing now; empty if it would do something."""
        return (self.steers and state.locked) or self.refusal(state)


def bindings(keys: Iterable[Key]) -> list[BindingType]:
    """Bindings for Textual: each hands the name of its key to the app."""
    return [
        Binding(",".join(key.keys), f"app.press('{key.name}')", key.label, show=False, priority=key.in_dialogs)
        for key in keys
    ]
