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

from engine.protocol import CheckpointSaved
from tui.format import age

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

    def __init__(self, saved: CheckpointSaved | None, attached: bool, paused: bool = False) -> None:
        """`attached`: another process trains the run, so to detach is the first answer."""
        super().__init__()
        self._saved = saved
        self._attached = attached
        self._paused = paused

    def compose(self) -> ComposeResult:
        """The question and its answers."""
        saved = self._saved
        ago = age(time.time() - saved.time) if saved else ""
        kept = f"{saved.arm} step {saved.step}, saved {ago} ago, is kept" if saved else "all is lost"
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "quit"
            yield Static("The run is paused." if self._paused else "Training is under way.")
            alone = "the run stays paused" if self._paused else "training goes on"
            ways = [
                _way("save", "s", f"save and {'end the run' if self._attached else 'quit'}: nothing is lost"),
                _way("detach", "d", f"detach: {alone} without this screen"),
            ]
            yield OptionList(
                *(reversed(ways) if self._attached else ways),
                _way("after_epoch", "e", "stop after this epoch: leave when it is done and saved"),
                _way("leave", "N", f"quit without saving: {kept}"),
                _way("stay", "Esc", "stay"),
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self.dismiss(cast(Choice, event.option_id))

    def action_choose(self, choice: Choice) -> None:
        """A key."""
        self.dismiss(choice)


def _way(choice: Choice, key: str, text: str) -> Option:
    """The key, and to its right the text, which wraps where the terminal is narrow."""
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=3)
    line.add_row(key, Text(text))
    return Option(line, id=choice)
