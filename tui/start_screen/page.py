"""What all pages share: a title, a line for problems, the shell command, and a last line with keys."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from engine.errors import EngineError
from engine.protocol.printable import printable, printable_lines
from engine.service.program import command
from tui.aside import aside
from tui.start_screen.entry import Entry
from tui.start_screen.paths import near_home
from tui.start_screen.recipe import check


class Page(Screen[None]):
    """A page; Esc leads back to the one before."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", show=False)]
    keys: ClassVar[Sequence[tuple[str, str]]] = ()
    "keys and what they do, for the last line"

    class Chosen(Message):
        """The user has chosen what the program is to do."""

        def __init__(self, words: Sequence[str]) -> None:
            """`words` are arguments of `finetune-tui`."""
            super().__init__()
            self.words = list(words)

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._heading = heading

    def parts(self) -> Sequence[Widget]:
        """The widgets between the title and the line for problems."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Title, parts, problem, command, keys."""
        yield Static(
            Content.assemble(" ", ("finetune-tui", "bold"), "  ", printable(near_home(self._heading))), id="head"
        )
        yield Vertical(*self.parts(), id="parts")
        yield Static(id="problem", markup=False)
        yield Static(id="command", markup=False)
        keys = (Content.assemble((key, "bold $accent"), f" {what}") for key, what in self.keys)
        yield Static(Content.assemble(" ", Content("  ").join(keys)), id="keys")

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Focus a widget; the text of a field is selected, so that the next letter replaces it."""
        if isinstance(widget, Entry) and widget is not self.focused and not from_app_focus:
            widget.select_all()
        super().set_focus(widget, scroll_visible, from_app_focus)

    def say(self, problem: str) -> None:
        """Show a problem; an empty text takes it away."""
        self.query_one("#problem", Static).update(printable_lines(problem))

    def show_command(self, words: Sequence[str]) -> None:
        """Show the shell command that does the same."""
        self.query_one("#command", Static).update(Content.assemble(("$ ", "$muted"), printable(command(*words))))

    def action_back(self) -> None:
        """Go to the page before; from the first one, leave."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        else:
            self.app.exit()

    def start(self, words: Sequence[str]) -> None:
        """Leave and do it; if a check shows that it would fail, say so instead."""
        self.run_worker(self._start(list(words)), exclusive=True)

    async def _start(self, words: list[str]) -> None:
        if await self.sound(words):
            self.post_message(self.Chosen(words))

    async def sound(self, words: Sequence[str]) -> bool:
        """Check the arguments of a run as far as possible without torch; where they are wrong, show why."""
        try:
            await aside(check, words)
        except EngineError as error:
            self.say(str(error))
            return False
        self.say("")
        return True
