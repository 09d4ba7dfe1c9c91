"""What all panels share: a read-only view of the state that is drawn again only when what it shows changed."""

from typing import Any, ClassVar

from textual.content import Content
from textual.widgets import Static

from tui.format import bar, percent
from tui.state import UiState


class Panel(Static):
    """A view of a part of the state, as text."""

    grows: ClassVar[bool] = False
    "whether it is as high as its text: then the others have to be placed anew, which takes as long as drawing"

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - Static's own
        super().__init__(**options)
        self._shown: Content | None = None

    def text(self, state: UiState, now: float) -> Content:
        """The text for this state at time `now`, `self.size` cells large at most."""
        raise NotImplementedError

    def show(self, state: UiState, now: float) -> None:
        """Draw the state, unless it looks as it did."""
        text = self.text(state, now)
        if self._shown is None or not self._shown.is_same(text):
            self._shown = text
            self.update(text, layout=self.grows)


def filled_bar(share: float, width: int, style: str) -> Content:
    """A bar with its share as per cent behind it, `width` cells in all."""
    filled, empty = bar(share, width - 6)
    return Content.assemble(
        (filled, style), (empty, "on $panel"), (percent(share, 0).rjust(6), "bold" if share else "$muted")
    )


def lines(*rows: Content) -> Content:
    """Rows below each other."""
    return Content("\n").join(rows)


def row(*cells: tuple[str, int, str]) -> Content:
    """Cells of (text, width, style), padded to the width: to the right of the text, or to its left if negative."""
    return Content.assemble(
        *((text.ljust(width) if width > 0 else text.rjust(-width), style) for text, width, style in cells)
    )
