"""Waits for a subcommand in a process of its own, and shows what came of it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.protocol.printable import printable
from tui.aside import aside
from tui.calling import Call, Done


class WorkScreen(ModalScreen[Done | None]):
    """The words of the process stay until Escape; before its end, Escape stops it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "close", show=False)]

    def __init__(self, title: str, doing: str, call: Call, *, shows: bool = True) -> None:
        """`doing` says what is under way. Unless it `shows` the words, the end closes it; a failure is always shown."""
        super().__init__()
        self._title, self._doing, self._call, self._shows = title, doing, call, shows
        self._done: Done | None = None

    def compose(self) -> ComposeResult:
        """What is under way, later what came of it."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = "Esc stops it"
            yield Static(Content(self._doing), id="text")

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._wait())

    async def _wait(self) -> None:
        self._done = done = await aside(self._call.wait)
        if not done.status and not self._shows:
            self.dismiss(done)
            return
        text = "\n".join(map(printable, done.said)) if not done.status else done.reason
        self.query_one("#text", Static).update(Content.styled(text, "" if not done.status else "$error"))
        self.query_one(".dialog", Vertical).border_subtitle = "Esc closes"

    def action_close(self) -> None:
        """Close; its answer is how the process ended, `None` where it was stopped."""
        if self._done is None:
            self._call.stop()
        self.dismiss(self._done)

    def on_unmount(self) -> None:
        """Closed: nobody waits for the process."""
        if self._done is None:
            self._call.stop()
