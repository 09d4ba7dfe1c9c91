"""The page of past runs, and the page of one run with what can be done with it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import DescendantFocus
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.protocol.printable import printable
from engine.service.remote.reaching import attach_words
from engine.service.status import RunStatus, in_words, is_trained, status_of
from engine.service.status_lines import describe
from engine.storage.run_folder import CONFIG
from tui.aside import aside
from tui.columns import Column, Columns
from tui.commands.view import OVER
from tui.listing import Line, Listing
from tui.runs import MODEL, NAME, cells, from_here, newest
from tui.start_screen.entry import Entry
from tui.start_screen.page import Key, Page
from tui.start_screen.recent import words_for

MOST = 100  # runs that are listed
COLUMNS = Columns(
    *(Column("name", NAME), Column("state", 11), Column("model", MODEL, 2), Column("arm", 11, 1)),
    *(Column("epoch", -8), Column("best", -8), Column("age", -8)),
)


class PastRunsPage(Page):
    """A list of runs: live ones first, then the newest."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "again", show=False)]
    keys: ClassVar[Sequence[Key]] = (
        Key("Enter", "choose", "Attach to a live run; for one that is over, ask what to do."),
        Key("a", "again", "Train what the run trained, with other settings: they are shown before it starts."),
        Key("Esc", "back", "Go back to the first page."),
    )

    def __init__(self, root: Path) -> None:
        """`root` is the folder of the runs."""
        super().__init__("a past run")
        self._root = root
        self._runs: list[RunStatus] = []

    def parts(self) -> Sequence[Widget]:
        """The list."""
        return [Listing(COLUMNS, "reading the journals…")]

    def on_mount(self) -> None:
        """Read the runs."""
        self.query_one(OptionList).focus()
        self.run_worker(self._read())

    async def _read(self) -> None:
        folders = await aside(newest, self._root)
        listing = self.query_one(Listing)
        if not folders:
            listing.show([], f"No runs in {printable(str(self._root))}, and no live ones elsewhere.")
        for folder in folders[:MOST]:
            self._runs.append(await aside(status_of, folder))
            listing.show([_line(run) for run in self._runs])
        if len(folders) > MOST:
            self.say(f"and {len(folders) - MOST} older ones: finetune-tui runs --all")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the shell command that does the same."""
        run = self._runs[event.option_index]
        self.show_command(_first(run), f"{run.name}: {in_words(run)}" if run.seen is not None else "")

    def action_again(self) -> None:
        """Show the settings of the highlighted run."""
        if (path := self.query_one(Listing).highlighted) is not None:
            self.run_worker(self.review_again(Path(path)), exclusive=True, group="again")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Attach to a live run; ask what to do with one that is over."""
        open_run(self, self._runs[event.option_index])


class RunPage(Page):
    """A run that is over: go on with it, or look at it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    keys: ClassVar[Sequence[Key]] = (
        Key("Enter", "choose", "Do what is highlighted; in the field, train so many epochs in all."),
        Key("Tab", "next", "Go from the choices to the field, and back."),
        Key("Esc", "back", "Go back to the list of runs."),
    )

    def __init__(self, run: RunStatus) -> None:
        super().__init__(run.name)
        self._run = run
        self._done = run.state == "finished"

    def parts(self) -> Sequence[Widget]:
        """Facts about the run, the choices, and for a finished run a field for its new number of epochs."""
        view = Option(Content("look at it again"), id="view")
        more = Option(Content("train more epochs" if self._done else "go on where it was"), id="resume")
        again = Option(Content("train again with other settings"), id="again")
        shown = [view] if self._run.total_steps else []
        epochs = Entry(restrict=r"\d*", max_length=6, id="epochs")
        epochs.value, epochs.display = str(self._run.epochs + 5), self._done
        label = Static("epochs in all", classes="label")
        label.display = self._done
        facts = describe(replace(self._run, metrics={}))  # with them 24 rows would not be enough
        return [
            Static(Content("\n").join(map(Content, map(printable, facts))), classes="facts"),
            OptionList(*([*shown, more] if self._done else [more, *shown]), again, markup=False),
            label,
            epochs,
        ]

    def on_mount(self) -> None:
        """Highlight the first choice, which is the most likely one."""
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the shell command that does the same."""
        self._show_what_enter_does()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do it; for more epochs, ask how many first."""
        if event.option.id == "view":
            self.post_message(self.Chosen(self._words("view")))
        elif event.option.id == "again":
            self.run_worker(self.review_again(Path(self._run.path)), exclusive=True)
        elif self._done:
            self.query_one(Input).focus()
        else:
            self.start(self._words("resume"))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the command with the new number of epochs."""
        self._show_what_enter_does()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Show the command for the list, or for the field."""
        self._show_what_enter_does()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Train the epochs that were typed."""
        if int(event.value or 0) <= self._run.epochs:
            self.say(f"It has done {self._run.epochs} epochs: more of them are needed to go on.")
        else:
            self.start(self._words("resume"))

    def _show_what_enter_does(self) -> None:
        """Show the command for what Enter does now: the highlighted choice, or in the field more epochs."""
        chosen = self.query_one(OptionList).highlighted_option
        self.show_command(self._words("resume" if chosen is None or isinstance(self.focused, Input) else chosen.id))

    def _words(self, what: str | None) -> list[str]:
        folder = from_here(self._run.path)
        if what == "view":
            return ["view", folder]
        if what == "again":
            return [str(Path(folder) / CONFIG)]
        return ["--resume", folder, *(["--epochs", self.query_one(Input).value] if self._done else [])]


def open_run(page: Page, run: RunStatus) -> None:
    """Attach to a live run; ask what to do with one that is over."""
    if is_trained(run) and (run.live or run.seen is not None):
        page.post_message(Page.Chosen(_first(run)))
    elif run.state in OVER:
        page.app.push_screen(RunPage(run))
    else:
        page.say(f"{run.name} is in use by {run.where}, and cannot be attached to yet.")


def _first(run: RunStatus) -> list[str]:
    if run.where and run.seen is not None:
        return attach_words(run.host, run.job, run.path)
    return words_for(run.path, live=run.live, finished=run.state == "finished")


def _line(run: RunStatus) -> Line:
    name, *others = cells(run)
    live = ("bold", "$success") if is_trained(run) else ("", "")
    return Line(run.path, (name, run.state, *others), (*live, "", "", "", "", "$muted"))
