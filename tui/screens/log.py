"""Everything the run has said, with a filter and a search."""

import time
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.notes import Level
from tui.panels.log import folder_of, form_of, row_of
from tui.panels.panel import lines
from tui.state import UiState

FOLLOW_SECONDS = 0.5
FILTERS: tuple[tuple[str, Sequence[Level]], ...] = (
    ("", ("routine", "info", "good", "warning", "bad")),
    ("commands and warnings", ("good", "warning", "bad")),
    ("warnings", ("warning", "bad")),
)
KEYS = "/ searches  f filters  c copies  Esc closes"
FOUND_KEYS = "n next  N previous  / searches anew  Esc ends the search"
FOUND, FOUND_HERE = "underline bold", "reverse bold"


class LogScreen(ModalScreen[None]):
    """The log. It follows the newest line until it is scrolled. Dragging the mouse selects text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,q", "dismiss", show=False),
        Binding("escape", "back", show=False),
        Binding("slash", "search", show=False),
        Binding("n", "find(1)", show=False),
        Binding("N", "find(-1)", show=False),
        Binding("f", "filter", show=False),
        Binding("c", "copy", show=False),
    ]

    def __init__(self, state: UiState) -> None:
        super().__init__()
        self._state = state
        self._filter = 0
        self._term = ""
        self._here = -1
        "number of the found line that the search is at, from the first line on"
        self._found: list[int] = []
        "numbers of the lines that have the term"
        self._rows: list[Content] = []
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        """One text, and a field for what is searched for."""
        with Vertical(classes="sheet") as sheet:
            sheet.border_subtitle = KEYS
            with VerticalScroll():
                yield Static(id="text")
            yield Input(placeholder="search, upper and lower case alike", id="term")

    def on_mount(self) -> None:
        """Show the log, then follow it."""
        self.query_one(Input).display = False
        self.query_one(VerticalScroll).focus()
        self.follow()
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def follow(self) -> None:
        """Show new lines; stay at the end if that was in sight."""
        drawn = (self._state.logged, self._filter, self._term, self._here)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        levels = FILTERS[self._filter][1]
        notes = [note for note in self._state.log if note.level in levels]
        form, folder = form_of(notes, time.time()), folder_of(self._state)
        self._rows = [row_of(note, folder, form) for note in notes]
        self._find()
        text = self.query_one(VerticalScroll)
        at_end = text.scroll_y >= text.max_scroll_y
        self.query_one("#text", Static).update(lines(*self._rows))
        if at_end:
            self.call_after_refresh(text.scroll_end, animate=False)
        self._say()

    def _find(self) -> None:
        """Mark what is searched for."""
        term, self._found = self._term.lower(), []
        for number, row in enumerate(self._rows):
            plain, at = row.plain.lower(), -1
            style = FOUND_HERE if number == self._here else FOUND
            while term and (at := plain.find(term, at + 1)) >= 0:
                self._rows[number] = self._rows[number].stylize(style, at, at + len(term))
                self._found += [] if number in self._found[-1:] else [number]

    def _say(self) -> None:
        """Title and keys, on the frame."""
        name = FILTERS[self._filter][0]
        shown = f": {name}, {len(self._rows)} of {len(self._state.log)}" if name else ""
        if self._term:
            place = f"{self._found.index(self._here) + 1} of " if self._here in self._found else ""
            shown += f"  {place}{len(self._found)} with “{self._term}”"
        sheet = self.query_one(".sheet")
        sheet.border_title = Content(f"log{shown}")
        sheet.border_subtitle = FOUND_KEYS if self._term else KEYS

    def action_filter(self) -> None:
        """Show less, or everything again."""
        self._filter, self._here = (self._filter + 1) % len(FILTERS), -1
        self.follow()
        self.call_after_refresh(self.query_one(VerticalScroll).scroll_end, animate=False)

    def action_search(self) -> None:
        """Ask for a text."""
        field = self.query_one(Input)
        field.value, field.display = "", True
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search for it; begin with the newest line."""
        self._end_field()
        self._term, self._here = event.value, -1
        self.follow()
        self.action_find(-1)

    def action_find(self, by: int) -> None:
        """Go to the next line that has the text, or to the one before; from the last one to the first."""
        if not self._found:
            return
        if self._here in self._found:
            self._here = self._found[(self._found.index(self._here) + by) % len(self._found)]
        else:
            self._here = self._found[-1 if by < 0 else 0]
        self.follow()
        text = self.query_one(VerticalScroll)
        width = self.query_one("#text").size.width
        above = sum(row.get_height({}, width) for row in self._rows[: self._here])
        text.scroll_to(y=max(above - text.size.height // 2, 0), animate=False)

    def action_back(self) -> None:
        """End the field, then the search, then close."""
        if self.query_one(Input).display:
            self._end_field()
        elif self._term:
            self._term, self._here = "", -1
            self.follow()
        else:
            self.dismiss()

    def action_copy(self) -> None:
        """Copy what is selected, by the terminal (OSC 52)."""
        selected = self.get_selected_text()
        if selected:
            self.app.copy_to_clipboard(selected)
        said = f"copied {len(selected)} characters" if selected else "drag over text with the mouse, then c copies it"
        self.query_one(".sheet").border_subtitle = said

    def _end_field(self) -> None:
        self.query_one(Input).display = False
        self.query_one(VerticalScroll).focus()
