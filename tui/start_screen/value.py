"""A setting on the page of a run: its name, its value, which can be typed or chosen, and where that comes from."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from tui.start_screen.entry import Entry
from tui.start_screen.fields import Field
from tui.start_screen.recipe import Usual

LONGEST = 400  # characters of a path


class Value(Entry):
    """The value of a field; Space takes the next choice."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "next", show=False, priority=True)]

    def __init__(self, field: Field) -> None:
        super().__init__(restrict=field.allowed, max_length=LONGEST)
        self.field = field
        self.usual = ""
        "what it is where nobody changes it"

    def action_next(self) -> None:
        """The next choice; in the middle of a path, a space."""
        if self.field.is_path and self.value not in ("", self.usual, *self.field.choices):
            self.insert_text_at_cursor(" ")
            return
        self.value = self.field.next(self.value, self.usual)
        self.cursor_position = len(self.value)


class Row(Horizontal):
    """The line of a field."""

    def __init__(self, field: Field) -> None:
        super().__init__(classes="field")
        self._field = field
        self._origin = ""

    def compose(self) -> ComposeResult:
        """Name, value, origin."""
        yield Static(self._field.name, classes="label")
        yield Value(self._field)
        yield Static(classes="origin", markup=False)

    def follow(self, usual: Usual) -> None:
        """Show where the value comes from, or nothing at all where the run does not have the setting."""
        self.display = usual.has(self._field)
        value = self.query_one(Value)
        value.placeholder = value.usual = usual.value(self._field)
        origin = usual.origin(self._field, value.value)
        if origin != self._origin:
            self._origin = origin
            self.query_one(".origin", Static).update(origin)
