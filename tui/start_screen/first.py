"""The first page: what to train, or which run to go on with."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.start_screen.page import Page

CHOICES = {
    "demo": ("the demo", "drawn hot dogs and look-alikes; no download"),
    "folder": ("a folder of pictures", "with a folder for each class"),
    "configuration": ("a configuration", "a YAML file with settings of your own"),
    "past": ("a past run", "go on with it, look at it, or attach to it"),
}
DEMO = ["--demo"]


class FirstPage(Page):
    """Four choices."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "back", show=False)]
    keys: ClassVar[Sequence[tuple[str, str]]] = (("Enter", "choose"), ("q", "quit"))

    def __init__(self, root: Path) -> None:
        """`root` is the folder of the runs."""
        super().__init__("")
        self._root = root

    def parts(self) -> Sequence[Widget]:
        """The question and its answers."""
        options = OptionList(*(Option(_answer(*texts), id=name) for name, texts in CHOICES.items()), markup=False)
        return [
            Static("Fine-tune an image classifier, watch it, steer it.", id="lead"),
            Static("What do you want to train on?", classes="question"),
            options,
        ]

    def on_mount(self) -> None:
        """Highlight the demo: Enter chooses it."""
        self.query_one(OptionList).highlighted = 0
        self.query_one(OptionList).focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the shell command that does the same, as far as it is known."""
        self.show_command(
            {"demo": DEMO, "folder": ["--data", "DIR"], "configuration": ["CONFIG"], "past": ["--resume", "RUN"]}[
                event.option.id or "demo"
            ]
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Start the demo, or load and show the next page."""
        if event.option.id == "demo":
            self.start(DEMO)
        elif event.option.id == "past":
            from tui.start_screen.past_runs import PastRunsPage

            self.app.push_screen(PastRunsPage(self._root))
        else:
            from tui.start_screen.place import PlacePage

            self.app.push_screen(PlacePage(self._root, files=event.option.id == "configuration"))


def _answer(title: str, what: str) -> Content:
    return Content.assemble((title.ljust(22), "bold"), (what, "$muted"))
