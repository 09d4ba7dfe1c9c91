"""The settings of a run before it starts: two columns of fields, and a line about the one in focus."""

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus
from textual.message import Message
from textual.widgets import Input, Static

from engine.config import RunConfig
from tui.start_screen.fields import FIELDS, Field
from tui.start_screen.recipe import Usual
from tui.start_screen.value import Row, Value


class Form(Vertical):
    """The fields of a run. Those that nobody has changed have the values that the recipe chooses."""

    class Changed(Message):
        """A value has changed."""

    def __init__(self) -> None:
        super().__init__(id="form")
        self._source: Sequence[str] = ()
        self._base: RunConfig | None = None
        self._usual: Usual | None = None
        self._train_images: int | None = None

    def compose(self) -> ComposeResult:
        """What is trained, how, and the line below."""
        sides = (Vertical(*(Row(field) for field in FIELDS if field.side == side)) for side in ("what", "how"))
        yield Horizontal(*sides, id="sides")
        yield Static(id="hint", markup=False)

    def begin(self, source: Sequence[str], base: RunConfig, values: Mapping[str, str]) -> None:
        """Show the configuration `base` of the arguments `source`, with other `values` of some fields."""
        self._source, self._base = source, base
        self._usual = Usual(source, base, values)
        with self.prevent(Input.Changed):
            for value in self.query(Value):
                value.value = values.get(value.field.name, "") or self._usual.value(value.field)
        self._follow()
        self.query(Value).first().focus()

    def count(self, train_images: int) -> None:
        """Let the recipe choose for so many training pictures; 0: it is not known how many."""
        self._train_images = train_images or None
        self.on_input_changed()

    def on_input_changed(self) -> None:
        """Take over the values of the fields."""
        if self._base is not None:
            self._follow()
            self.post_message(self.Changed())

    @property
    def values(self) -> dict[str, str]:
        """The texts by the names of fields."""
        return {value.field.name: value.value for value in self.query(Value)}

    @property
    def starts_from(self) -> tuple[str, str]:
        """The model, and what it starts from."""
        return self.values["model"], self.values["weights"]

    @property
    def ready(self) -> bool:
        """Whether the fields have values."""
        return self._base is not None

    @property
    def model_is_own(self) -> bool:
        """Whether the model is one that was typed, which may not exist."""
        model = self.query(Value).first()
        return self._base is not None and model.value not in ("", self._base.model.name, *model.field.choices)

    def arguments(self) -> list[str]:
        """The command line that the values come to."""
        return self._now().arguments()

    def fields(self) -> list[Field]:
        """The fields that the run has, in their order on the page."""
        return [value.field for value in self._shown()]

    def go_to(self, name: str) -> None:
        """Go to the field of a name."""
        self.screen.set_focus(next(value for value in self.query(Value) if value.field.name == name))

    def move(self, by: int) -> None:
        """Go to the next field, or the one before."""
        shown = self._shown()
        place = next((place for place, value in enumerate(shown) if value is self.screen.focused), -by)
        self.screen.set_focus(shown[(place + by) % len(shown)])

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Say what the field is for."""
        if isinstance(event.widget, Value):
            self.query_one("#hint", Static).update(event.widget.field.help)

    def _shown(self) -> list[Value]:
        usual = self._now()
        return [value for value in self.query(Value) if usual.has(value.field)]

    def _now(self) -> Usual:
        assert self._base is not None
        return Usual(self._source, self._base, self.values, self._train_images)

    def _follow(self) -> None:
        """Values that nobody has changed become the usual ones; show which fields there are and where values are of."""
        before, usual = self._usual, self._now()
        with self.prevent(Input.Changed):
            for value in self.query(Value):
                if before is not None and value.value == before.value(value.field) != usual.value(value.field):
                    value.value = usual.value(value.field)
        self._usual = usual = self._now()
        for row in self.query(Row):
            row.follow(usual)
