"""A setting on the page of a run: its name, its value, which can be typed or chosen, and a hint."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from tui.start_screen.entry import Entry
from tui.start_screen.recipe import Field


class Value(Entry):
    """The value of a field; Space takes the next choice."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "next", show=False, priority=True)]

    def __init__(self, field: Field) -> None:
        super().__init__(restrict=field.allowed, max_length=60)
        self.field = field

    def action_next(self) -> None:
        """The next choice."""
        self.value = self.field.next(self.value)
        self.cursor_position = len(self.value)


def row(field: Field) -> Horizontal:
    """The line of a field."""
    return Horizontal(
        Static(field.name, classes="label"), Value(field), Static(field.help, classes="hint"), classes="field"
    )
