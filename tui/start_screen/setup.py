"""The page of a run before it starts: its pictures, its settings, how long it would take, and how to start it."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from engine.cli.first_weights import Weights
from engine.cli.preview import Estimate, Pictures
from engine.errors import EngineError, UserError
from engine.protocol import Loading
from engine.protocol.printable import printable
from tui.aside import aside
from tui.start_screen.diagnosis import Diagnosed, Diagnosis, complained
from tui.start_screen.fetching import Fetch, Stepped, progress
from tui.start_screen.fields import FIELDS
from tui.start_screen.filled import Filled
from tui.start_screen.form import Form
from tui.start_screen.line import Line
from tui.start_screen.looking import Look, Reported
from tui.start_screen.page import Key, Page
from tui.start_screen.recipe import check, wrong_field
from tui.start_screen.sentences import estimated, starts_from
from tui.start_screen.subject import Subject

TYPING_SECONDS = 0.6  # without a key, before the run is estimated again


class SetupPage(Page):
    """Shows what is known about a run before it starts. The user need not wait for the estimate."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,tab", "move(1)", show=False, priority=True),
        Binding("up,shift+tab", "move(-1)", show=False, priority=True),
    ]
    keys: ClassVar[Sequence[Key]] = (
        Key("Enter", "start", "Download what is needed, then train. If the run does not start, this page comes back."),
        Key("Up Down", "field", "Go to another field; so does Tab."),
        Key("Space", "next choice", "Take the next choice of the field. Other values are typed."),
        Key("Esc", "back", "Cancel the download, or go back a page."),
    )

    def __init__(self, form: Filled, why: str = "") -> None:
        """`form` is as it was filled in before, if it was; `why` the run that it came to did not start."""
        super().__init__(form.heading)
        self._source, self._given, self._why = form.source, form.values, why
        self._words = list(form.source)
        self._looked_at: list[str] | None = None
        self._look: Look | None = None
        self._diagnosis: Diagnosis | None = None
        self._fetch: Fetch | None = None
        self._pictures: Pictures | None = None
        self._weights: Weights | None = None
        "of the model and the start in `_weights_of`, as far as they are known"
        self._weights_of = ("", "")
        self._wrong: UserError | None = None
        self._known = False
        "whether the look has found out all that must be known to start: only it checks the name of a model"
        self._start_asked = False
        self._typing: Timer | None = None

    def parts(self) -> Sequence[Widget]:
        """Pictures, fields, weights, estimate."""
        return [
            Subject(),
            Line("failed", f"It did not start. {printable(self._why)}" if self._why else ""),
            Form(),
            Line("weights"),
            Line("estimate", "estimating…"),
        ]

    def helping(self) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
        """The keys, then the fields."""
        keys, everywhere = super().helping()
        beside = ("auto, changed", "Beside a value: the recipe has chosen it, or you have.")
        return [keys, ("Fields", [*((field.name, field.help) for field in FIELDS), beside]), everywhere]

    def on_mount(self) -> None:
        """Read the values of the configuration, and look at the pictures."""
        self.show_command(self._words)
        self.run_worker(self._read())

    def on_unmount(self) -> None:
        """End what goes on beside the page."""
        for process in (self._look, self._diagnosis, self._fetch):
            if process is not None:
                process.end()

    @property
    def _form(self) -> Form:
        return self.query_one(Form)

    async def _read(self) -> None:
        try:
            base = (await aside(check, self._source)).config
        except EngineError as error:
            self.say(str(error))
            return
        self._form.begin(self._source, base, self._given)
        self._words = self._form.arguments()
        self.show_command(self._words)
        self._estimate()

    def on_form_changed(self) -> None:
        """The run has changed; it is estimated when nothing is typed for a moment."""
        words = self._form.arguments()
        if words == self._words:
            return
        self._words, self._start_asked = words, False
        self._end_fetch()
        self.query_one("#failed", Line).say("")
        self.show_command(words)
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(TYPING_SECONDS, self._estimate)
        self.run_worker(self.sound(words), exclusive=True)

    async def sound(self, words: Sequence[str]) -> bool:
        """Check the run; where a field alone is wrong, the sentence begins with its name."""
        form = self._form
        wrong = await aside(wrong_field, self._source, form.values, form.fields()) if words != self._source else None
        if wrong is not None:
            self.say(wrong[1])
        return wrong is None and await super().sound(words)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Start, unless it would fail at once. Other models are checked first; Enter again skips that."""
        if not self._form.ready or self._fetch is not None:
            return
        self._form.on_input_changed()  # the event of the field may come later
        self.on_form_changed()
        self._estimate()
        if self._wrong is not None:
            self.say(str(self._wrong))
        elif self._known or self._start_asked or not self._form.model_is_own:
            self._go()
        else:
            self._start_asked = True
            self.workers.cancel_node(self)  # else the check of the other fields takes the sentence away
            self.say("checking the model, then it starts; Enter starts it unchecked")

    def _go(self) -> None:
        """Start, after what must be downloaded is there."""
        if self._weights is None or self._weights.here:
            self.start(self._words, Filled(self._source, self._heading, self._form.values))
        else:
            self.say("")
            self.query_one("#weights", Line).say(progress(Loading("loading PyTorch")))
            self._fetch = Fetch(self._words, lambda fetch, found: self.post_message(Stepped(fetch, found)))

    def on_stepped(self, event: Stepped) -> None:
        """Show how far the download is; start after it. Where it fails, everything stays as it is."""
        if event.fetch is not self._fetch:
            return
        if event.found is None:
            self._fetch = self._weights = None
            self._go()
        elif isinstance(event.found, EngineError):
            self._end_fetch()
            self._form.go_to("weights")  # where a file can be named instead
            self.say(str(event.found))
        else:
            self.query_one("#weights", Line).say(progress(event.found))

    def _end_fetch(self) -> None:
        if self._fetch is not None:
            self._fetch.end()
            self._fetch = None
            self.query_one("#weights", Line).say(starts_from(self._weights))

    def action_back(self) -> None:
        """Cancel the download, or go back a page."""
        if self._fetch is None:
            super().action_back()
            return
        self._end_fetch()
        self.say("The download is cancelled.")

    def action_move(self, by: int) -> None:
        """Go to the next field, or the one before."""
        if self._form.ready:
            self._form.move(by)

    def on_reported(self, event: Reported) -> None:
        """Show what the look has found, unless a newer look has begun."""
        if event.look is not self._look:
            return
        found, estimate = event.found, self.query_one("#estimate", Line)
        if isinstance(found, Pictures):
            self._show_pictures(found)
            if found.message:
                estimate.say("")
        elif isinstance(found, Weights):
            self._weights = found
            self.query_one("#weights", Line).say(starts_from(found))
        else:
            estimate.say("\n".join(estimated(found)) if isinstance(found, Estimate) else "")
        if isinstance(found, EngineError):
            if self._pictures is None:
                self.query_one(Subject).not_found()
            if isinstance(found, UserError):
                self._wrong = found
            self.say(str(found))
        self._known = self._known or not isinstance(found, Pictures) or found.message != ""
        if self._known and self._start_asked and self._wrong is None:
            self._go()
        self._start_asked = self._start_asked and not self._known

    def _show_pictures(self, found: Pictures) -> None:
        if found == self._pictures:
            return
        self._pictures = found
        self.query_one(Subject).show(found)
        if self._diagnosis is None and not found.message and "--demo" not in self._source:  # what is drawn is sound
            self._diagnosis = Diagnosis(self._source, lambda _, bad: self.post_message(Diagnosed(bad)))
        self._form.count(found.train_images)

    def on_diagnosed(self, event: Diagnosed) -> None:
        """Show the worst of what is wrong with the pictures."""
        self.query_one(Subject).complain(complained(event.found, self._source))

    def _estimate(self) -> None:
        """Estimate the run as it is now."""
        if self._words == self._looked_at:
            return
        if self._look is not None:
            self._look.end()
        self._looked_at, self._known, self._wrong = self._words, False, None
        if (start := self._form.starts_from) != self._weights_of:
            self._weights_of, self._weights = start, None
            self.query_one("#weights", Line).say("")
        self.query_one("#estimate", Line).say("estimating…")
        self._look = Look(self._words, lambda look, found: self.post_message(Reported(look, found)))
