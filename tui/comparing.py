"""The comparison of runs as a program of its own: `finetune-tui compare`."""

from collections.abc import Callable, Sequence
from pathlib import Path

from textual.driver import Driver

from tui.looking_app import LookingApp
from tui.looks import Looks
from tui.screens.compare import CompareScreen


class ComparingApp(LookingApp):
    """Shows the comparison, and ends when that is closed."""

    CSS_PATH = "app.tcss"
    TITLE = "finetune-tui"

    def __init__(
        self,
        folders: Sequence[Path],
        looks: Looks,
        abandon: Callable[[], None] = lambda: None,
        driver: type[Driver] | None = None,
    ) -> None:
        """`folders` are those of the runs; `abandon` gives up a terminal that nobody reads."""
        super().__init__(looks, abandon, driver)
        self._folders = folders

    def on_mount(self) -> None:
        """Show the comparison."""
        self.push_screen(CompareScreen(self._folders, ascii=self.looks.ascii), lambda _: self.exit())
