"""What a run would train on: how many pictures of which classes, three of them, and what is wrong with them."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from engine.cli.preview import Pictures
from tui.start_screen.classes import Classes
from tui.start_screen.line import Line
from tui.start_screen.samples import Samples
from tui.start_screen.sentences import counted, uneven


class Subject(Vertical):
    """The pictures, as far as they have been found."""

    def compose(self) -> ComposeResult:
        """Numbers, classes beside samples, warnings."""
        yield Line("counted", "looking at the pictures…")
        yield Horizontal(Vertical(Classes(markup=False), id="list"), Samples(), id="pictures")
        yield Line("uneven")
        yield Line("complaint")

    def show(self, found: Pictures) -> None:
        """Show the pictures."""
        self.query_one("#counted", Line).say(counted(found))
        self.query_one(Classes).show(found)
        self.query_one("#uneven", Line).say(uneven(found))
        self.query_one(Samples).show(found.samples)
        self.query_one("#pictures").display = not found.message

    def not_found(self) -> None:
        """They cannot be trained on, as is said elsewhere."""
        self.query_one("#counted", Line).say("")

    def complain(self, text: str) -> None:
        """Show what is wrong with the pictures."""
        self.query_one("#complaint", Line).say(text)
