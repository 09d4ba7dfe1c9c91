"""The page of past runs, and that of what can be done with one of them."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import DescendantFocus
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.service.status import RunStatus, describe, status_of
from tui.aside import aside
from tui.columns import Column, Columns
from tui.commands.runs import newest
from tui.commands.view import OVER
from tui.format import MISSING, age, percent, short_name
from tui.start_screen.entry import Entry
from tui.start_screen.page import Page

MOST = 100  # runs that are listed
NAME, MODEL = 19, 17
COLUMNS = Columns(
    *(Column("name", NAME), Column("state", 11), Column("model", MODEL, 1)),
    *(Column("epoch", -8), Column("best", -8), Column("age", -8)),
)


class PastRunsPage(Page):
    """A list, live ones first, then the newest."""

    keys: ClassVar[Sequence[tuple[str, str]]] = (("Enter", "choose"), ("Esc", "back"))

    def __init__(self, root: Path) -> None:
        """`root` is the folder of the runs."""
        super().__init__("a past run")
        self._root = root
        self._runs: list[RunStatus] = []

    def parts(self) -> Sequence[Widget]:
        """The head of the list and the list."""
        return [Static("reading the journals…", id="columns"), OptionList(markup=False)]

    def on_mount(self) -> None:
        """Read the runs."""
        self.query_one(OptionList).focus()
        self.run_worker(self._read())

    async def _read(self) -> None:
        folders = await aside(newest, self._root)
        columns, options = self.query_one("#columns", Static), self.query_one(OptionList)
        if not folders:
            columns.update(f"No runs in {self._root}, and no live ones elsewhere.")
            return
        for folder in folders[:MOST]:
            self._runs.append(await aside(status_of, folder))
            options.add_option(Option(_line(self._runs[-1], self._width)))
            if len(self._runs) == 1:
                columns.update(COLUMNS.head(self._width))
                options.highlighted = 0
        if len(folders) > MOST:
            self.say(f"and {len(folders) - MOST} older ones: finetune-tui runs --all")

    @property
    def _width(self) -> int:
        """Cells of a line, but for the scroll bar."""
        return self.query_one("#columns").size.width - 1

    def on_resize(self) -> None:
        """Show the columns there is room for now."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        if self._runs:
            self.query_one("#columns", Static).update(COLUMNS.head(self._width))
        for place, run in enumerate(self._runs):
            self.query_one(OptionList).replace_option_prompt_at_index(place, _line(run, self._width))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show what would do the same from a shell."""
        self.show_command(_first(self._runs[event.option_index]))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Attach to a live one, and ask what to do with another."""
        run = self._runs[event.option_index]
        if run.live:
            self.post_message(self.Chosen(_first(run)))
        elif run.state in OVER:
            self.app.push_screen(RunPage(run))
        else:
            self.say(f"{run.name} is in use by {run.where}, and cannot be attached to yet.")


class RunPage(Page):
    """A run that is over: go on with it, or look at it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    keys: ClassVar[Sequence[tuple[str, str]]] = (("Enter", "choose"), ("Tab", "next"), ("Esc", "back"))

    def __init__(self, run: RunStatus) -> None:
        super().__init__(run.name)
        self._run = run
        self._done = run.state == "finished"

    def parts(self) -> Sequence[Widget]:
        """What is known of it, the choices, and the epochs that one which is finished would have in all."""
        view = Option(Content("look at it again"), id="view")
        more = Option(Content("train more epochs" if self._done else "go on where it was"), id="resume")
        shown = [view] if self._run.total_steps else []
        epochs = Entry(restrict=r"\d*", max_length=6, id="epochs")
        epochs.value, epochs.display = str(self._run.epochs + 5), self._done
        label = Static("epochs in all", classes="label")
        label.display = self._done
        return [
            Static(Content("\n").join(map(Content, describe(self._run))), classes="facts"),
            OptionList(*([*shown, more] if self._done else [more, *shown]), markup=False),
            label,
            epochs,
        ]

    def on_mount(self) -> None:
        """What is likeliest comes first."""
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show what would do the same from a shell."""
        self._show_what_enter_does()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do it; more epochs are asked for first."""
        if event.option.id == "view":
            self.post_message(self.Chosen(self._words("view")))
        elif self._done:
            self.query_one(Input).focus()
        else:
            self.start(self._words("resume"))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the command with so many."""
        self._show_what_enter_does()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The list's choice, or more epochs."""
        self._show_what_enter_does()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Train them."""
        if int(event.value or 0) <= self._run.epochs:
            self.say(f"It has done {self._run.epochs} epochs: more of them are needed to go on.")
        else:
            self.start(self._words("resume"))

    def _show_what_enter_does(self) -> None:
        """In the list what is highlighted; that a field has changed is told at the beginning, too."""
        chosen = self.query_one(OptionList).highlighted_option
        self.show_command(self._words("resume" if chosen is None or isinstance(self.focused, Input) else chosen.id))

    def _words(self, what: str | None) -> list[str]:
        if what == "view":
            return ["view", _path(self._run)]
        return ["--resume", _path(self._run), *(["--epochs", self.query_one(Input).value] if self._done else [])]


def _first(run: RunStatus) -> list[str]:
    """What is likeliest to be done with a run."""
    return [*(["attach"] if run.live else ["view"] if run.state == "finished" else ["--resume"]), _path(run)]


def _path(run: RunStatus) -> str:
    """Its folder, as seen from the working directory where it is in that."""
    path, here = Path(run.path), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) and path != here else path)


def _line(run: RunStatus, width: int) -> Content:
    cells = (
        short_name(run.name, NAME - 1),
        run.state,
        short_name(run.model, MODEL - 1),
        f"{run.epoch:,}/{run.epochs:,}",
        percent(run.best_accuracy),
        age(time.time() - run.updated) if run.updated is not None else MISSING,
    )
    styles = ("bold" if run.live else "", "$success" if run.live else "", "", "", "", "$muted")
    return COLUMNS.line(cells, width, styles)
