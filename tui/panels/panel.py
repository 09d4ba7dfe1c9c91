"""What all panels share: each shows a part of the state, and draws only when that part has changed."""

from typing import Protocol

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.visual import Visual

from engine.protocol.printable import printable
from tui.cells import Cells
from tui.format import bar, percent
from tui.looks import Looks
from tui.state import UiState
from tui.terminal.graphics import Way


class Host(Protocol):
    """What a pane may ask of the app that shows it."""

    looks: Looks

    def picture_way(self) -> Way:
        """How pictures are drawn."""

    def set_pace(self, slower: bool) -> None:
        """Draw less often, or more often."""


class View(Cells):
    """A widget that shows a part of the state. For a pane, the body sets `digit` and `host`."""

    host: Host

    digit = ""
    "the key that shows and hides the pane"
    kind = ""
    "name of the pane's own keys (`Key.pane`), which work while it has the focus"

    def show(self, state: UiState, now: float) -> None:
        """Draw the state, unless it looks as before."""
        raise NotImplementedError

    def wanted_rows(self, state: UiState) -> int:
        """Rows that the pane can fill, where that depends on the state; else 0."""
        return 0

    @property
    def roomy(self) -> bool:
        """Whether the terminal is high enough for the less important lines."""
        return not self.app.screen_stack[0].has_class("-short")

    def press(self, name: str) -> None:
        """Do what one of the pane's own keys is for; `name` is that of the table of keys."""

    def back(self) -> bool:
        """Go back within the pane, as for Esc; whether there was something to leave."""
        return False

    def clicked(self, x: int, y: int) -> None:
        """Do what a click on a cell is for, counted from the top left of what the pane shows."""

    def wheel(self, down: int, right: int) -> None:
        """Follow the mouse wheel, which was turned so many times."""

    class Touched(Message):
        """The mouse changed something that a pane shows."""

    class TitleClicked(Message):
        """A pane's title was clicked, after the pane had been given the focus."""

    def on_click(self, event: events.Click) -> None:
        """Hand a click on; one on a link does what the link says."""
        place = event.get_content_offset(self)
        if place is not None and "@click" not in event.style.meta:
            self.clicked(place.x, place.y)
            self.post_message(self.Touched())
        elif self.digit and event.y == 0:
            self.post_message(self.TitleClicked())

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Turn up; with the shift key, to the left."""
        self._turn(event, 0 if event.shift else -1, -1 if event.shift else 0)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Turn down; with the shift key, to the right."""
        self._turn(event, 0 if event.shift else 1, 1 if event.shift else 0)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Turn to the left."""
        self._turn(event, 0, -1)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Turn to the right."""
        self._turn(event, 0, 1)

    def _turn(self, event: events.MouseEvent, down: int, right: int) -> None:
        event.stop()
        self.wheel(down, right)
        self.post_message(self.Touched())

    class Resized(Message):
        """A pane has a new size, but still shows what was drawn for the old one."""

    def on_resize(self) -> None:
        """Ask to be drawn."""
        self.post_message(self.Resized())

    def title(self, text: str | Content) -> None:
        """Show the pane's digit and name on the frame."""
        digit = f"{self.digit} " if self.digit else ""
        self._on_frame("border_title", Content.assemble(digit, self.render_str(text)), 0)

    def subtitle(self, text: Content) -> None:
        """Show a text on the frame below the pane, where there is one."""
        self._on_frame("border_subtitle", text, self.outer_size.height - 1)

    def _on_frame(self, place: str, text: Content, row: int) -> None:
        """Write on the frame. Textual would draw the whole pane again, even where nothing has changed."""
        if getattr(self, f"_{place}") != text:
            setattr(self, f"_{place}", text)
            self.refresh(Region(0, row, self.outer_size.width, 1).translate(-self.content_offset))


class Panel(View):
    """A view of a part of the state, as text."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = Content("")
        self._drawn_for: object = None

    def text(self, state: UiState, now: float) -> Content:
        """The text for this state at time `now`, `self.size` cells large at most."""
        raise NotImplementedError

    def show(self, state: UiState, now: float) -> None:
        """Draw the state, unless it looks as before."""
        text = self.text(state, now)
        drawn_for = (self.size, self.app.theme)
        if drawn_for != self._drawn_for or not self._shown.is_same(text):
            self._shown, self._drawn_for = text, drawn_for
            self.put(Visual.to_strips(self, text, self.size.width, self.size.height, self.visual_style))


class Growing(Panel):
    """A panel that is as high as its text."""

    def show(self, state: UiState, now: float) -> None:
        """Draw the state; the height follows the text."""
        if not self._shown.is_same(self.text(state, now)):
            self._shown = self.text(state, now)
            self._drawn_for = None
            self.refresh(layout=True)
        if self._drawn_for != (self.size, self.app.theme):
            super().show(state, now)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Rows of the text at this width."""
        return len(Visual.to_strips(self, self._shown, width, None, self.visual_style))


def plain_bar(share: float, width: int, style: str) -> Content:
    """A bar of `width` cells."""
    filled, empty = bar(share, width)
    return Content.assemble((filled, f"{style} on $panel"), (empty, "on $panel"))


def filled_bar(share: float, width: int, style: str) -> Content:
    """A bar and its share in per cent, `width` cells in all."""
    figure = (percent(share, 0).rjust(6), "bold" if share else "$muted")
    return plain_bar(share, width - 6, style) + Content.assemble(figure)


def lines(*rows: Content) -> Content:
    """Rows below each other."""
    return Content("\n").join(rows)


def row(*cells: tuple[str, int, str]) -> Content:
    """Cells of (text, width, style), padded to the width; where it is negative, the text is aligned to the right."""
    return Content.assemble(
        *((text.ljust(width) if width > 0 else text.rjust(-width), style) for text, width, style in cells)
    )


def fitted(text: str, width: int) -> Content:
    """A text in exactly `width` cells, cut with an ellipsis."""
    return Content(printable(text)).truncate(width, ellipsis=True, pad=True)
