"""Help: what the focused pane shows, what the keys do, and what the words mean."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui import words
from tui.experiments import EXPERIMENTS
from tui.keys import Key, keys_of
from tui.keys.screen import SCREEN
from tui.keys.steering import STEERING
from tui.panes import PANES
from tui.theme import rich_colour

Rows = Iterable[tuple[str, str]]

NAME, GAP = 13, 2  # cells
WAYS_OUT = ("detach", "leave")


class HelpScreen(ModalScreen[None]):
    """All keys and words, scrolling where the terminal is small."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,h,q", "dismiss", show=False)]

    def __init__(self, pane: str = "", kind: str = "") -> None:
        """`pane` has the focus; its own keys are those of its `kind`."""
        super().__init__()
        self._pane = pane
        self._kind = kind

    def compose(self) -> ComposeResult:
        """All lists in one sheet."""
        sheet = _Sheet([*_focused(self._pane, self._kind), *_general()])
        sheet.border_title = f"help: {self._pane}" if self._pane else "help"
        sheet.border_subtitle = "Esc closes"
        yield sheet


class _Sheet(ScrollView):
    """Lists of names and texts, wrapped. Only the rows in sight are drawn, as it may open during training."""

    def __init__(self, lists: Sequence[tuple[str, Rows]]) -> None:
        super().__init__(classes="sheet")
        self._lists = lists
        self._drawn: list[Strip] = []

    def on_resize(self) -> None:
        """Wrap for the new size."""
        width = self.scrollable_content_region.width
        if width and width != self.virtual_size.width:
            self._drawn = list(self._wrapped(width - NAME - GAP))
            self.virtual_size = Size(width, len(self._drawn))

    def render_line(self, y: int) -> Strip:
        """A row of the lists."""
        row = y + self.scroll_offset.y
        strip = self._drawn[row] if row < len(self._drawn) else Strip.blank(0)
        return strip.adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def _wrapped(self, width: int) -> Iterator[Strip]:
        bold, coloured = Style(bold=True), Style(color=rich_colour(self.app.theme_variables["accent"]))
        for number, (title, rows) in enumerate(self._lists):
            if number:
                yield Strip.blank(0)
            yield Strip([Segment(title, bold)])
            for name, text in rows:
                for left, right in zip_longest(wrap(name, NAME), wrap(text, max(width, 1)), fillvalue=""):
                    yield Strip([Segment(left.ljust(NAME + GAP), coloured), Segment(right)])


def _focused(name: str, kind: str) -> list[tuple[str, Rows]]:
    """The focused pane: its keys, and what its labels mean."""
    pane = next((pane for pane in PANES if pane.name == name), None)
    if pane is None:
        return []
    keys = _rows(keys_of(kind))
    return [(f"Pane {name}", [(pane.digit, pane.help), *keys]), ("Reads", words.PANES.get(name, {}).items())]


def _general() -> list[tuple[str, Rows]]:
    """Keys and words that do not depend on the pane."""
    screen = [key for key in SCREEN if key.name not in WAYS_OUT]
    look = [*_rows(screen), ("tab", "Give the next pane the focus; ? then explains what stands in it.")]
    experiments = "; ".join(experiment.name for experiment in EXPERIMENTS)
    look.append(("ctrl+p", f"Search all commands, themes, and three experiments to learn from: {experiments}."))
    return [
        ("Steer", _rows(STEERING)),
        ("Look", look),
        ("Leave", _rows(key for key in SCREEN if key.name in WAYS_OUT)),
        ("Words", words.WORDS),
    ]


def _rows(keys: Iterable[Key]) -> list[tuple[str, str]]:
    return [(" ".join(key.keys), key.help) for key in keys]
