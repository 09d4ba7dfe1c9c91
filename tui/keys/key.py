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
    "the command, from a state in which `refusal` is empty; none: the app's own action of that name"
    refusal: Callable[[UiState], str] = lambda state: ""
    "why it cannot be done now; empty if it can"
    answer: Callable[[UiState], str] = lambda state: ""
    "what the engine has been asked for"
    rank: int = 1
    "in the footer: where it is narrow, larger ones are left out first, and 0 never"

    pane: str = ""
    "the kind of panes whose own key it is, while one of them has the focus; empty: it works everywhere"

    @property
    def steers(self) -> bool:
        """Whether it does something to the run."""
        return self.build is not None or self.name == "rewind"

    def why_not(self, state: UiState) -> str:
        """Why it would do nothing now; empty if it would do something."""
        return (self.steers and state.locked) or self.refusal(state)


def bindings(keys: Iterable[Key]) -> list[BindingType]:
    """What Textual is to do for keys: hand their names to the app."""
    return [Binding(",".join(key.keys), f"app.press('{key.name}')", key.label, show=False) for key in keys]
