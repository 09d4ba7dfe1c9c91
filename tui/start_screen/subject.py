"""What a run would train on: how many pictures of which classes, three of them, and what is wrong with them."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from engine.cli.preview import Pictures
from tui.start_screen.classes import Classes
from tui.start_screen.samples import Samples
from tui.start_screen.sentences import counted, uneven


class Subject(Vertical):
    """The pictures, as far as they have been found."""

    def compose(self) -> ComposeResult:
        """Numbers, classes beside samples, warnings."""
        yield Static("looking at the pictures…", id="counted", markup=False)
        yield Horizontal(Vertical(Classes(markup=False), id="list"), Samples(), id="pictures")
        yield Static(id="uneven", markup=False)
        yield Static(id="complaint", markup=False)

    def show(self, found: Pictures) -> None:
        """Show the pictures."""
        self.query_one("#counted", Static).update(counted(found))
        self.query_one(Classes).show(found)
        self.query_one("#uneven", Static).update(uneven(found))
        self.query_one(Samples).show(found.samples)
        self.query_one("#pictures").display = not found.message

    def not_found(self) -> None:
        """They cannot be trained on, as is said elsewhere."""
        self.query_one("#counted", Static).update("")

    def complain(self, text: str) -> None:
        """Show what is wrong with the pictures."""
        self.query_one("#complaint", Static).update(text)
