"""The page of a run before it starts: its pictures, its settings, how long it would take, and how to start it."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from engine.cli.preview import Estimate, Pictures
from engine.config import RunConfig
from engine.errors import EngineError, UserError
from tui.aside import aside
from tui.start_screen.classes import Classes
from tui.start_screen.diagnosis import Complaint, Diagnosis, complained
from tui.start_screen.looking import Found, Look
from tui.start_screen.page import Page
from tui.start_screen.recipe import FIELDS, MODELS, arguments, check, check_arm, with_recipe
from tui.start_screen.samples import Samples
from tui.start_screen.sentences import counted, estimated, uneven
from tui.start_screen.value import Value, row

TYPING_SECONDS = 0.6  # without a key, before the run is estimated again


class SetupPage(Page):
    """Shows what is known about a run before it starts. The user need not wait for the estimate."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,tab", "move(1)", show=False, priority=True),
        Binding("up,shift+tab", "move(-1)", show=False, priority=True),
    ]
    keys: ClassVar[Sequence[tuple[str, str]]] = (
        ("Enter", "start"),
        ("Up Down", "field"),
        ("Space", "next choice"),
        ("Esc", "back"),
    )

    class Reported(Message):
        """A look has found something."""

        def __init__(self, look: Look, found: Found) -> None:
            super().__init__()
            self.look, self.found = look, found

    class Diagnosed(Message):
        """It is known what is wrong with the pictures."""

        def __init__(self, found: Sequence[Complaint]) -> None:
            super().__init__()
            self.found = found

    def __init__(self, source: Sequence[str], heading: str) -> None:
        """`source` are the arguments that name the pictures."""
        super().__init__(heading)
        self._source = list(source)
        self._base: RunConfig | None = None
        self._usual: RunConfig | None = None
        "what the run would be if no field were changed but the recipe"
        self._words = list(source)
        self._looked_at: list[str] | None = None
        self._look: Look | None = None
        self._diagnosis: Diagnosis | None = None
        self._pictures: Pictures | None = None
        self._wrong: UserError | None = None
        self._looked = False
        "whether the look is complete; only the look checks the name of a model"
        self._start_asked = False
        self._typing: Timer | None = None

    def parts(self) -> Sequence[Widget]:
        """Pictures, fields, estimate."""
        return [
            Static("looking at the pictures…", id="counted", markup=False),
            Horizontal(Vertical(Classes(markup=False), id="list"), Samples(), id="pictures"),
            Static(id="uneven", markup=False),
            Static(id="complaint", markup=False),
            Vertical(*(row(field) for field in FIELDS), id="fields"),
            Static("estimating…", id="estimate", markup=False),
        ]

    def on_mount(self) -> None:
        """Read the values of the configuration, and look at the pictures."""
        self.show_command(self._words)
        self.run_worker(self._read())

    def on_unmount(self) -> None:
        """End the look and the diagnosis together with the page."""
        for process in (self._look, self._diagnosis):
            if process is not None:
                process.end()

    async def _read(self) -> None:
        try:
            self._base = (await aside(check, self._source)).config
        except EngineError as error:
            self.say(str(error))
            return
        self._usual = with_recipe(self._base, self._base.recipe)
        with self.prevent(Input.Changed):
            for value in self.query(Value):
                value.value = value.field.default(self._usual)
        self._show_fields()
        self.query(Value).first().focus()
        self._estimate()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The run has changed."""
        self._change()

    def _change(self) -> None:
        """Take over the values of the fields; the run is estimated when nothing is typed for a moment."""
        if self._base is None:
            return
        self._take_recipe(self._base, self._values["recipe"])
        self._show_fields()
        words = arguments(self._source, self._base, self._values, self._train_images)
        if words == self._words:
            return
        self._words, self._start_asked = words, False
        self.show_command(self._words)
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(TYPING_SECONDS, self._estimate)
        self.run_worker(self.sound(self._words), exclusive=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Start, unless it would fail at once. Other models are checked first; Enter again skips that."""
        if self._base is None:
            return
        self._change()  # the event of the field may come later
        self._estimate()
        if self._wrong is not None:
            self.say(str(self._wrong))
        elif self._looked or self._start_asked or self._values["model"] in ("", self._base.model.name, *MODELS):
            self.start(self._words)
        else:
            self._start_asked = True
            self.workers.cancel_node(self)  # else the check of the other fields takes the sentence away
            self.say("checking the model, then it starts; Enter starts it unchecked")

    def action_move(self, by: int) -> None:
        """Go to the next field of the chosen arm, or the one before."""
        fields = self._of_the_arm()
        place = next((place for place, value in enumerate(fields) if value is self.focused), -by)
        self.set_focus(fields[(place + by) % len(fields)])

    def on_setup_page_reported(self, event: Reported) -> None:
        """Show what the look has found, unless a newer look has begun."""
        if event.look is not self._look:
            return
        self._looked = not isinstance(event.found, Pictures) or event.found.message != ""
        estimate = self.query_one("#estimate", Static)
        if self._looked:
            estimate.update("\n".join(estimated(event.found)) if isinstance(event.found, Estimate) else "")
        if isinstance(event.found, Pictures):
            self._show_pictures(event.found)
        elif isinstance(event.found, EngineError):
            if self._pictures is None:
                self.query_one("#counted", Static).update("")
            if isinstance(event.found, UserError):
                self._wrong = event.found
            self.say(str(event.found))
        if self._looked and self._start_asked and self._wrong is None:
            self.start(self._words)
        self._start_asked = self._start_asked and not self._looked

    def _show_pictures(self, found: Pictures) -> None:
        if found == self._pictures:
            return
        self._pictures = found
        self.query_one("#counted", Static).update(counted(found))
        self.query_one(Classes).show(found)
        self.query_one("#uneven", Static).update(uneven(found))
        self.query_one(Samples).show(found.samples)
        self._diagnose(found)
        self._change()  # the recipe may choose other values for so many pictures

    def _diagnose(self, found: Pictures) -> None:
        """Look for what is wrong with the pictures, once; those that the program draws are sound."""
        if self._diagnosis is None and not found.message and "--demo" not in self._source:
            self._diagnosis = Diagnosis(self._source, lambda _, bad: self.post_message(self.Diagnosed(bad)))

    def on_setup_page_diagnosed(self, event: Diagnosed) -> None:
        """Show the worst of what is wrong with the pictures."""
        self.query_one("#complaint", Static).update(complained(event.found, self._source))

    def _estimate(self) -> None:
        """Estimate the run as it is now."""
        if self._words == self._looked_at:
            return
        if self._look is not None:
            self._look.end()
        self._looked_at, self._looked, self._wrong = self._words, False, None
        estimate = self.query_one("#estimate", Static)
        try:
            check_arm(self._words)
        except UserError as error:
            self._look, self._wrong = None, error
            estimate.update("")
            self.say(str(error))
            return
        estimate.update("estimating…")
        self._look = Look(self._words, lambda look, found: self.post_message(self.Reported(look, found)))

    @property
    def _train_images(self) -> int | None:
        return self._pictures.train_images or None if self._pictures is not None else None

    @property
    def _values(self) -> dict[str, str]:
        return {value.field.name: value.value for value in self.query(Value)}

    def _of_the_arm(self) -> list[Value]:
        """The fields of the chosen arm and recipe."""
        values = self._values
        return [value for value in self.query(Value) if value.field.belongs_to(values["arm"], values["recipe"])]

    def _take_recipe(self, base: RunConfig, recipe: str) -> None:
        """Values that nobody has changed become those that the recipe chooses."""
        before, self._usual = self._usual, with_recipe(base, recipe, self._train_images)
        if before == self._usual:
            return
        with self.prevent(Input.Changed):
            for value in self.query(Value):
                if value.field.name != "recipe" and value.value == value.field.default(before or base):
                    value.value = value.field.default(self._usual)

    def _show_fields(self) -> None:
        shown = self._of_the_arm()
        for line in self.query("#fields > *"):
            line.display = line.query_one(Value) in shown
