"""What all pages share: a title, a line for problems, the shell command, and a last line with keys."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

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
from engine.storage.run_folder import CONFIG
from tui.aside import aside
from tui.runs import from_here
from tui.start_screen.entry import Entry
from tui.start_screen.filled import Filled
from tui.start_screen.paths import near_home
from tui.start_screen.recipe import as_argument, check


class Key(NamedTuple):
    """A key of a page."""

    name: str
    short: str
    "what it does, for the last line; empty: it is not there"
    help: str


class Page(Screen[None]):
    """A page; Esc leads back to the one before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", show=False),
        Binding("question_mark,f1", "help", show=False, priority=True),
    ]
    keys: ClassVar[Sequence[Key]] = ()

    class Chosen(Message):
        """The user has chosen what the program is to do."""

        def __init__(self, words: Sequence[str], form: Filled | None = None) -> None:
            """`words` are arguments of `finetune-tui`; `form` is to be shown again where their run does not start."""
            super().__init__()
            self.words, self.form = list(words), form

    class Reviewed(Message):
        """The user wants to see the settings of a run before it starts."""

        def __init__(self, form: Filled) -> None:
            super().__init__()
            self.form = form

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
        yield Vertical(
            Vertical(*self.parts(), id="parts"),
            Static(id="problem", markup=False),
            Static(id="command", markup=False),
            id="middle",
        )
        shown = [*((key.name, key.short) for key in self.keys if key.short), ("?", "help")]
        keys = (Content.assemble((name, "bold $accent"), f" {what}") for name, what in shown)
        yield Static(Content.assemble(" ", Content("  ").join(keys)), id="keys")

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Focus a widget; the text of a field is selected, so that the next letter replaces it."""
        if isinstance(widget, Entry) and widget is not self.focused and not from_app_focus:
            widget.select_all()
        super().set_focus(widget, scroll_visible, from_app_focus)

    def say(self, problem: str) -> None:
        """Show a problem; an empty text takes it away."""
        self.query_one("#problem", Static).update(printable_lines(problem))

    def show_command(self, words: Sequence[str], note: str = "") -> None:
        """Show the shell command that does the same, below a note about what it is for."""
        above = f"{printable(note)}\n" if note else ""
        self.query_one("#command", Static).update(Content.assemble(above, ("$ ", "$muted"), printable(command(*words))))

    def helping(self) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
        """What the help says: lists with a title, of names and texts."""
        everywhere = [
            ("?, F1", "This help. In a path, a question mark is pasted, completed or chosen."),
            ("$", "The line that begins with it is the shell command that does the same."),
            ("Ctrl+P", "Search commands, themes."),
            ("Ctrl+C, Ctrl+Q", "Leave. Nothing is written before a run starts."),
        ]
        return [("Keys of this page", [(key.name, key.help) for key in self.keys]), ("Everywhere", everywhere)]

    def action_help(self) -> None:
        """Say what the keys of this page do."""
        from tui.start_screen.helping import PageHelp

        self.app.push_screen(PageHelp(self._heading, self.helping()))

    def review(self, words: Sequence[str], heading: str) -> None:
        """Show the settings of a run before it starts; `words` name its pictures or its configuration."""
        self.post_message(self.Reviewed(Filled(list(words), heading)))

    async def review_again(self, folder: Path) -> None:
        """Show the settings of a past run, to train again with other ones."""
        words = [as_argument(from_here(str(folder / CONFIG)))]
        if await self.sound(words):
            self.review(words, f"again, as {folder.name}")

    def action_back(self) -> None:
        """Go to the page before; from the first one, leave."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        else:
            self.app.exit()

    def start(self, words: Sequence[str], form: Filled | None = None) -> None:
        """Leave and do it; if a check shows that it would fail, say so instead."""
        self.run_worker(self._start(list(words), form), exclusive=True)

    async def _start(self, words: list[str], form: Filled | None) -> None:
        if await self.sound(words):
            self.post_message(self.Chosen(words, form))

    async def sound(self, words: Sequence[str]) -> bool:
        """Check the arguments of a run as far as possible without torch; where they are wrong, show why."""
        try:
            await aside(check, words)
        except EngineError as error:
            self.say(str(error))
            return False
        self.say("")
        return True
