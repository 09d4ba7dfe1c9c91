"""The dialog of an experiment: what to expect, its table while it runs, the way back when it is over."""

from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui import refusals as no
from tui.experimenting import Answer
from tui.experiments import Experiment
from tui.panels.panel import lines, row
from tui.state import UiState

FOLLOW_SECONDS = 0.5
COLUMN_GAP = 2
GAP = 1  # rows between text and answers


class ExperimentScreen(ModalScreen[Answer | None]):
    """Follows the experiment. Once that has begun, the first answer changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", show=False),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
    ]

    def __init__(self, experiment: Experiment, state: UiState) -> None:
        super().__init__()
        self._experiment = experiment
        self._state = state
        self._expect = experiment.expect(state)
        self._shown = Content("")
        self._answers: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """A text, which scrolls in a small terminal, and the answers, which are always in sight."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = f"experiment: {self._experiment.name}"
            with VerticalScroll(can_focus=False):
                yield Static(id="text")
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        """Show the state, then follow it."""
        self.follow()
        self.query_one(OptionList).focus()
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def follow(self) -> None:
        """Take in what is new."""
        text, answers = self._text(), self._possible()
        if not text.is_same(self._shown):
            self._shown = text
            self.query_one("#text", Static).update(text)
            self.call_after_refresh(self._fit)
        if answers != self._answers:
            self._answers = answers
            options = self.query_one(OptionList)
            options.set_options(Option(label, id=answer) for answer, label in answers.items())
            options.highlighted = 0
            self.call_after_refresh(self._fit)

    def on_resize(self) -> None:
        """Fit the text into the new size."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Give the text the rows that the answers leave."""
        dialog, text = self.query_one(".dialog"), self.query_one(VerticalScroll)
        answers = self.query_one(OptionList)
        frame = dialog.outer_size.height - dialog.content_size.height
        room = max(self.size.height - frame - answers.outer_size.height - GAP, 1)
        text.styles.max_height = room
        dialog.border_subtitle = "PgDn PgUp" if self.query_one("#text").size.height > room else ""

    def action_page(self, by: int) -> None:
        """Scroll the text; the other keys are for the answers."""
        text = self.query_one(VerticalScroll)
        text.scroll_relative(y=by * max(text.size.height - 1, 1), animate=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self.dismiss(cast(Answer, event.option_id))

    def _text(self) -> Content:
        experiment = self._experiment
        parts = [] if experiment.over else [Content(self._expect)]
        if experiment.rows:
            parts += [_table(experiment)]
        if experiment.over:
            parts += [Content.assemble((f"Over: {experiment.over}.", "bold"))]
        return Content("\n\n").join(parts)

    def _possible(self) -> dict[str, str]:
        """The answers that are possible now, and what each does."""
        experiment, state = self._experiment, self._state
        if experiment.arm is None:
            return {"start": "Start", "close": "Not now"}
        if not experiment.over:
            return {"close": "Go on", "end": "End the experiment here"}
        keep = {"close": "Keep the run as it is now"}
        if not experiment.point or no.without_run(state) or state.arm != experiment.arm:
            return keep
        return keep | {"back": "Go back to where the experiment began"}


def _table(experiment: Experiment) -> Content:
    columns = list(zip(experiment.head, *experiment.rows, strict=True))
    widths = [max(map(len, column)) + COLUMN_GAP for column in columns]
    head = row(*((name, width, "$muted") for name, width in zip(experiment.head, widths, strict=True)))
    return lines(
        head, *(row(*((cell, width, "") for cell, width in zip(r, widths, strict=True))) for r in experiment.rows)
    )
