"""A text that takes no room while there is none."""

from textual.content import Content
from textual.widgets import Static


class Line(Static):
    """One or more lines, or nothing at all."""

    def __init__(self, name: str, text: str = "") -> None:
        """`name` is its id."""
        super().__init__(text, id=name, markup=False)
        self.display = text != ""

    def say(self, text: str) -> None:
        """Show a text, or nothing."""
        self.update(Content(text))
        self.display = text != ""
