"""What came of a run that has ended, and what can be done next."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import EngineError
from engine.protocol.printable import printable
from engine.report.reading import read_deeds
from engine.storage.tidying import leftover
from tui import refusals as no
from tui.aside import aside
from tui.keys import EVERYWHERE
from tui.next_steps import NEXT_STEPS, NextStep, clean_up_text
from tui.outcome import OnDisk, Row, headline, rows
from tui.state import UiState
from tui.theme import rich_colour

FOLLOW_SECONDS = 0.5
LABEL = 13  # cells
MARGIN, GAP = 2, 1  # rows around the sheet; between the result and the steps
OWN = ("escape", "S", "enter", "space")
"keys that close the summary or choose a step"


def read_folder(folder: Path) -> OnDisk:
    """What only the run's folder says."""
    try:
        return OnDisk(read_deeds(folder), leftover(folder))
    except EngineError as error:
        return OnDisk(f"not known: {printable(error.message)}", leftover(folder))


def passed_on() -> Iterator[tuple[str, str]]:
    """The keys of the dashboard that mean nothing else here, each with its name."""
    own = {*OWN, *(step.key for step in NEXT_STEPS)}
    yield from ((key, row.name) for row in EVERYWHERE for key in row.keys if key not in own)


class SummaryScreen(ModalScreen[None]):
    """The result above, the next steps below, each with its key. It stays until Escape or a step that trains.

    A key that is only the dashboard's closes it, too, and does there what it always does.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,S", "dismiss", show=False),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        *(Binding(step.key, f"take('{step.name}')", show=False) for step in NEXT_STEPS),
        *(Binding(key, f"pass_on('{name}')", show=False) for key, name in passed_on()),
    ]

    def __init__(self, state: UiState, take: Callable[[NextStep], None], press: Callable[[str], None]) -> None:
        """`take` does a step that can be done now, `press` what a key of the dashboard is for, by its name."""
        super().__init__()
        self.disk: OnDisk | None = None
        "what the folder says; `None` until it is read"
        self._state, self._take, self._press = state, take, press
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        """The result, which scrolls in a small terminal, and the steps, which are always in sight."""
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = Content(f"summary: {self._state.run.name if self._state.run is not None else ''}")
            sheet.border_subtitle = "a key or Enter does it, Esc shows the dashboard"
            with VerticalScroll(can_focus=False):
                yield Static(id="text")
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        """Show what is known, read the folder, then follow the state."""
        self.query_one(OptionList).focus()
        self.follow()
        self.read()
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def read(self) -> None:
        """Read the folder, or read it again."""
        self.run_worker(self._read(), exclusive=True)

    def say(self, text: str) -> None:
        """Say what came of a step."""
        self.query_one(".sheet").border_subtitle = Content(text)

    async def _read(self) -> None:
        if (why := no.elsewhere(self._state)) or self._state.run is None:
            self.disk = OnDisk(why, why)
        else:
            self.disk = await aside(read_folder, Path(self._state.run.path))
        self.follow()

    def follow(self) -> None:
        """Show what is new."""
        head, told = headline(self._state), tuple(rows(self._state, self.disk))
        steps = {step.name: self._line(step) for step in NEXT_STEPS}
        if self._drawn == (head, told, steps):
            return
        self._drawn = head, told, steps
        self.query_one("#text", Static).update(self._table(head, told))
        options = self.query_one(OptionList)
        chosen = options.highlighted or 0
        options.set_options(Option(text, id=name, disabled=bool(why)) for name, (text, why) in steps.items())
        options.highlighted = chosen
        self.call_after_refresh(self._fit)

    def on_resize(self) -> None:
        """Fit the result into the new size."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Give the result the rows that the steps leave."""
        sheet, options = self.query_one(".sheet"), self.query_one(OptionList)
        frame = sheet.outer_size.height - sheet.content_size.height
        room = max(self.size.height - MARGIN - frame - options.outer_size.height - GAP, 1)
        self.query_one(VerticalScroll).styles.max_height = room

    def action_page(self, by: int) -> None:
        """Scroll the result; the other keys are for the steps."""
        text = self.query_one(VerticalScroll)
        text.scroll_relative(y=by * max(text.size.height - 1, 1), animate=False)

    def action_take(self, name: str) -> None:
        """A key: do the step, unless its line says why it cannot be done."""
        step = next(step for step in NEXT_STEPS if step.name == name)
        if not step.why_not(self._state, self.disk):
            self._take(step)

    def action_pass_on(self, name: str) -> None:
        """A key of the dashboard alone."""
        self.dismiss()
        self._press(name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        if event.option_id is not None:
            self.action_take(event.option_id)

    def _line(self, step: NextStep) -> tuple[Content, str]:
        text = clean_up_text(self.disk) if step.name == "clean_up" else step.text(self._state)
        why = step.why_not(self._state, self.disk)
        return Content(f"{step.shown}  {f'{step.label}: not now, {why}' if why else text}"), why

    def _table(self, head: str, told: tuple[Row, ...]) -> Table:
        """The labels, and to their right the texts, which wrap."""
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=LABEL, style=Style(color=rich_colour(self.app.theme_variables["muted"])))
        table.add_row("", Text(head, style="bold"))
        for label, text in told:
            table.add_row(Text(label), Text(text, overflow="fold"))
        return table
