"""The first page: what to train, or which run to go on with."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.service.status import status_of
from tui.aside import aside
from tui.start_screen.page import Key, Page
from tui.start_screen.recent import BEST, CURVE, NAME, Recent, recent_runs

CHOICES = {
    "demo": ("the demo", "drawn hot dogs, no download"),
    "folder": ("a folder of pictures", "with a folder for each class"),
    "configuration": ("a configuration", "a YAML file with your settings"),
    "past": ("a past run", "go on, look at it, or attach to it"),
}
DEMO = ["--demo"]
COMMANDS = {"demo": DEMO, "folder": ["--data", "DIR"], "configuration": ["CONFIG"], "past": ["--resume", "RUN"]}


class FirstPage(Page):
    """Four choices, and the newest runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "back", show=False),
        Binding("s", "settings", show=False),
        Binding("a", "again", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("left,right,tab,shift+tab", "side", show=False, priority=True),
    ]
    keys: ClassVar[Sequence[Key]] = (
        Key("Enter", "choose", "Begin the demo at once, or go to the page of what is highlighted."),
        Key("q", "quit", "Leave; so do Esc and Ctrl+C."),
        Key("s", "settings", "See and change the settings of what is highlighted before it starts: of the demo, of the "
            "folder that was used last, or of a run, to train again with other settings."),
        Key("a", "again", "Train what the last run trained, with other settings."),
        Key("Up Down", "", "Highlight another line; after the last choice come the newest runs."),
        Key("Left Right", "", "Go from the choices to the newest runs, and back."),
    )  # fmt: skip

    def __init__(self, root: Path, why: str = "") -> None:
        """`root` is the folder of the runs; `why` the last run did not start."""
        super().__init__("")
        self._root, self._why = root, why
        self._runs: list[Recent] = []

    def parts(self) -> Sequence[Widget]:
        """The question and its answers, and the newest runs."""
        answers = (Option(_answer(*texts), id=name) for name, texts in CHOICES.items())
        question = Static("What do you want to train on?", classes="question")
        choices = Vertical(question, OptionList(*answers, markup=False, id="ways"), id="choices")
        title = Static("Newest runs, with their best accuracy", classes="question")
        newest = Vertical(title, OptionList(markup=False, id="runs"), id="newest")
        newest.display = False
        lead = Static("Fine-tune an image classifier, watch it, steer it.", id="lead")
        return [Container(lead, Container(choices, newest, id="both"), id="first")]

    def on_mount(self) -> None:
        """Highlight the demo: Enter chooses it."""
        self._highlight(0)
        self.say(self._why)
        self.run_worker(self._read())

    async def _read(self) -> None:
        """Show each of the newest runs as soon as it is read."""
        reading = recent_runs(self._root)

        def following() -> Recent | None:
            return next(reading, None)

        while (run := await aside(following)) is not None:
            self._runs.append(run)
            self.query_one("#runs", OptionList).add_option(Option(_line(run)))
            self.query_one("#newest").display = True

    @property
    def _lists(self) -> list[OptionList]:
        return [self.query_one("#ways", OptionList), self.query_one("#runs", OptionList)]

    @property
    def _place(self) -> int:
        """The number of the highlighted line; those of the runs follow those of the choices."""
        ways, runs = self._lists
        return ways.highlighted if ways.highlighted is not None else len(CHOICES) + (runs.highlighted or 0)

    def _highlight(self, place: int) -> None:
        """Highlight a line: there is one in both lists."""
        ways, runs = self._lists
        chosen, other, number = (ways, runs, place) if place < len(CHOICES) else (runs, ways, place - len(CHOICES))
        other.highlighted, chosen.highlighted = None, number
        chosen.focus()

    def action_move(self, by: int) -> None:
        """Highlight the next line, or the one before."""
        self._highlight((self._place + by) % (len(CHOICES) + len(self._runs)))

    def action_side(self) -> None:
        """Go to the other list, to the line beside."""
        if self._runs:
            place = self._place
            beside = len(CHOICES) + min(place, len(self._runs) - 1) if place < len(CHOICES) else place - len(CHOICES)
            self._highlight(min(beside, len(CHOICES) - 1) if place >= len(CHOICES) else beside)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the shell command that does the same, as far as it is known."""
        if event.option_list.id == "runs":
            self._lists[0].highlighted = None
            self.show_command(self._runs[event.option_index].words)
        else:
            self._lists[1].highlighted = None
            self.show_command(COMMANDS[event.option.id or "demo"])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Start the demo, or load and show the next page."""
        if event.option_list.id == "runs":
            self.run_worker(self._open(self._runs[event.option_index]), exclusive=True)
        elif event.option.id == "demo":
            self.start(DEMO)
        elif event.option.id == "past":
            from tui.start_screen.past_runs import PastRunsPage

            self.app.push_screen(PastRunsPage(self._root))
        else:
            self._ask_place(event.option.id == "configuration")

    async def _open(self, run: Recent) -> None:
        from tui.start_screen.past_runs import open_run

        open_run(self, await aside(status_of, run.folder))

    def _ask_place(self, files: bool) -> None:
        from tui.start_screen.place import PlacePage

        self.app.push_screen(PlacePage(self._root, files=files))

    def action_settings(self) -> None:
        """Show the settings of what is highlighted."""
        place = self._place
        if place >= len(CHOICES):
            self._train_again(self._runs[place - len(CHOICES)])
            return
        name = list(CHOICES)[place]
        if name == "demo":
            self.review(DEMO, "the demo")
        elif name == "folder":
            self.run_worker(self._review_folder(), exclusive=True)
        elif name == "configuration":
            self._ask_place(files=True)
        else:
            self.action_again()

    async def _review_folder(self) -> None:
        """The settings for the folder that was used last; where there is none, ask for one."""
        from tui.start_screen.paths import recent_folders

        if not (folders := await aside(recent_folders, self._root)):
            self._ask_place(files=False)
        elif await self.sound(words := ["--data", folders[0]]):
            self.review(words, folders[0])

    def action_again(self) -> None:
        """The settings of the newest run, or of the highlighted one."""
        if self._runs:
            self._train_again(self._runs[max(self._place - len(CHOICES), 0)])
        else:
            self.say(f"There is no run in {self._root} yet.")

    def _train_again(self, run: Recent) -> None:
        self.run_worker(self.review_again(run.folder), exclusive=True)


def _answer(title: str, what: str) -> Content:
    return Content.assemble((title.ljust(22), "bold"), (what, "$muted"))


def _line(run: Recent) -> Content:
    name, curve, best, old = run.cells(time.time())
    if run.away is not None:  # where it is needs the room of the curve
        return Content.assemble((name.ljust(NAME), "bold"), best.ljust(BEST), (old, "$success"))
    live = "$success" if run.live else "$muted"
    return Content.assemble(
        (name.ljust(NAME), "bold"), (curve.ljust(CURVE + 2), "$accent"), best.ljust(BEST), (old.ljust(6), live)
    )
