"""The question before training is ended; the safe answer is the first."""

import time
from typing import ClassVar, Literal, cast

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.protocol.ages import age
from tui.state import UiState

FOLLOW_SECONDS = 1.0
Choice = Literal["save", "detach", "after_epoch", "leave", "stay"]


class QuitScreen(ModalScreen[Choice]):
    """Save and leave, detach, leave after this epoch, leave without saving, or stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "choose('stay')", show=False),
        Binding("s", "choose('save')", show=False),
        Binding("d,D", "choose('detach')", show=False),
        Binding("e", "choose('after_epoch')", show=False),
        Binding("N", "choose('leave')", show=False),
    ]

    def __init__(self, state: UiState, attached: bool) -> None:
        """`attached`: another process trains the run, so to detach is the first answer."""
        super().__init__()
        self._state = state
        self._attached = attached
        self._texts: dict[Choice, tuple[str, str]] = {}

    def compose(self) -> ComposeResult:
        """The question and its answers."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "quit"
            yield Static()
            first: list[Choice] = ["detach", "save"] if self._attached else ["save", "detach"]
            ways: list[Choice] = [*first, "after_epoch", "leave", "stay"]
            yield OptionList(*(Option("", id=way) for way in ways))

    def on_mount(self) -> None:
        """Follow the run while the question is open."""
        self.follow()
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def follow(self) -> None:
        """Say how the run stands now."""
        paused, saved = self._state.paused, self._state.checkpoint
        ago = age(time.time() - saved.time) if saved else ""
        kept = f"{saved.arm} step {saved.step}, saved {ago} ago, is kept" if saved else "all is lost"
        alone = "the run stays paused" if paused else "training goes on"
        texts: dict[Choice, tuple[str, str]] = {
            "save": ("s", f"save and {'end the run' if self._attached else 'quit'}: nothing is lost"),
            "detach": ("d", f"detach: {alone} without this screen"),
            "after_epoch": ("e", "stop after this epoch: leave when it is done and saved"),
            "leave": ("N", f"quit without saving: {kept}"),
            "stay": ("Esc", "stay"),
        }
        if texts == self._texts:
            return
        self._texts = texts
        self.query_one(Static).update("The run is paused." if paused else "Training is under way.")
        ways = self.query_one(OptionList)
        for way, (key, text) in texts.items():
            ways.replace_option_prompt(way, _line(key, text))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self.dismiss(cast(Choice, event.option_id))

    def action_choose(self, choice: Choice) -> None:
        """A key."""
        self.dismiss(choice)


def _line(key: str, text: str) -> Table:
    """The key, and to its right the text, which wraps where the terminal is narrow."""
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=3)
    line.add_row(key, Text(text))
    return line
