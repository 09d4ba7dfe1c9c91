"""The question before training is broken off; the safe way is the first."""

import time
from typing import ClassVar, Literal, cast

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
    """Save and leave, leave training alone, leave later, leave without saving, or stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "choose('stay')", show=False),
        Binding("s", "choose('save')", show=False),
        Binding("d,D", "choose('detach')", show=False),
        Binding("e", "choose('after_epoch')", show=False),
        Binding("N", "choose('leave')", show=False),
    ]

    def __init__(self, saved: CheckpointSaved | None, attached: bool, paused: bool = False) -> None:
        """`attached`: the run is another process's, which is best left alone."""
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
            ways = [
                Option(f"s    save and {'end the run' if self._attached else 'quit'}: nothing is lost", id="save"),
                Option("d    detach: training goes on without this screen", id="detach"),
            ]
            yield OptionList(
                *(reversed(ways) if self._attached else ways),
                Option("e    stop after this epoch: leave when it is done and saved", id="after_epoch"),
                Option(f"N    quit without saving: {kept}", id="leave"),
                Option("Esc  stay", id="stay"),
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self.dismiss(cast(Choice, event.option_id))

    def action_choose(self, choice: Choice) -> None:
        """A key."""
        self.dismiss(choice)
