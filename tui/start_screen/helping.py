"""What the keys of a page do, over the page."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.screens.sheet import Sheet


class PageHelp(ModalScreen[None]):
    """Lists of keys and texts, scrolling where the terminal is small."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,f1,q", "dismiss", show=False)]

    def __init__(self, heading: str, lists: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        """`heading` is the page's."""
        super().__init__()
        self._heading, self._lists = heading, lists

    def compose(self) -> ComposeResult:
        """All of it in one sheet."""
        yield Sheet(f"help: {self._heading}" if self._heading else "help", self._lists)
