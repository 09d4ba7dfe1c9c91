"""The app of the start screen: it shows pages, and keeps what was chosen in the end."""

from collections.abc import Callable, Iterable
from pathlib import Path

from textual.app import SystemCommand
from textual.driver import Driver
from textual.events import Event, Key, Paste
from textual.screen import Screen

from engine.config import load_config
from tui.looking_app import LookingApp
from tui.looks import USUAL, Looks
from tui.start_screen.entry import Entry
from tui.start_screen.filled import Answer, Filled
from tui.start_screen.first import FirstPage
from tui.start_screen.page import Page


class StartApp(LookingApp):
    """Asks what to do; `chosen` is the answer."""

    CSS_PATH = "start.tcss"
    TITLE = "finetune-tui"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (78, "-wide"), (118, "-roomy")]  # noqa: RUF012 - Textual's type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 - Textual's type

    def __init__(
        self,
        abandon: Callable[[], None] = lambda: None,
        driver: type[Driver] | None = None,
        root: Path | None = None,
        looks: Looks = USUAL,
        *,
        failed: Answer | None = None,
        why: str = "",
    ) -> None:
        """`abandon` gives up a terminal that nobody reads; `root` is the folder of the runs.

        `failed` is what was chosen before and has failed before its first step, and `why`.
        """
        super().__init__(looks, abandon, driver)
        self._root = root if root is not None else load_config().checkpoint.dir
        self._failed, self._why = failed, why
        self.answer: Answer | None = None
        "`None` where the user left without a choice"

    def get_default_screen(self) -> Screen[None]:
        """The first page."""
        return FirstPage(self._root, self._why if self._failed is None or self._failed.form is None else "")

    def on_mount(self) -> None:
        """Show the form again whose run has failed."""
        if self._failed is not None and self._failed.form is not None:
            self._show_form(self._failed.form, self._why)

    def on_page_reviewed(self, event: Page.Reviewed) -> None:
        """Show the settings of a run before it starts."""
        self._show_form(event.form)

    def _show_form(self, form: Filled, why: str = "") -> None:
        from tui.start_screen.setup import SetupPage  # with what reads pictures

        self.push_screen(SetupPage(form, why))

    @property
    def chosen(self) -> list[str] | None:
        """The arguments of `finetune-tui` that were chosen."""
        return self.answer.words if self.answer is not None else None

    async def on_event(self, event: Event) -> None:
        """Let a field take what is typed before the next key is handled."""
        field = self.focused if isinstance(event, Key | Paste) and not event.is_forwarded else None
        if not isinstance(field, Entry) or not await field.take(event):
            await super().on_event(event)

    def on_page_chosen(self, event: Page.Chosen) -> None:
        """Leave, and do what was chosen."""
        self.answer = Answer(event.words, event.form)
        self.exit()

    async def action_quit(self) -> None:
        """Ctrl+Q leaves from any page."""
        self.exit()

    def action_help_quit(self) -> None:
        """Ctrl+C does the same."""
        self.exit()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: those of Textual's commands that make sense here."""
        yield from (command for command in super().get_system_commands(screen) if command.title in ("Theme", "Quit"))
