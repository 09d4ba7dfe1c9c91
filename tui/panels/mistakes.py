"""What the newest evaluation of the current arm gets wrong: by class, as a confusion matrix, as pictures."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from engine.figures.arm import ArmView
from engine.figures.confusion import Errors
from engine.protocol import PART_NAMES, Confusion, Mistake
from engine.protocol.printable import printable
from tui.keys import bindings
from tui.keys.mistakes import MISTAKES
from tui.notes import Note, not_now
from tui.panels.class_table import class_table
from tui.panels.confusion_matrix import Grid, confusion_matrix, grid
from tui.panels.metric_line import metric_line, metrics_of
from tui.panels.panel import Panel, lines
from tui.panels.worst import DETAILS, GAP, at_row, room_for_picture, worst
from tui.state import UiState
from tui.terminal.graphics import Way, cell_pixels, fit, picture
from tui.thumbnails import Found, Thumbnails

if TYPE_CHECKING:
    from tui.terminal.graphics import Picture

Shown = Literal["classes", "matrix", "pictures"]
VIEWS: tuple[Shown, ...] = ("classes", "matrix", "pictures")
FOOT, ENOUGH = 2, 8  # rows of the further metrics; rows of a pane that has them even if the classes do not all fit


class Mistakes(Panel):
    """Three views of a `Confusion`. Keys change the view and scroll it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(MISTAKES)
    kind = "mistakes"

    class Decoded(Message):
        """A picture has been decoded."""

    def __init__(self) -> None:
        super().__init__()
        self._view: Shown = "classes"
        self._at: dict[Shown, tuple[int, int]] = dict.fromkeys(VIEWS, (0, 0))
        "the first column and row that are shown; for pictures, 0 and the number of the chosen one"
        self._state = UiState()
        self._confusion: Confusion | None = None
        self._errors: Errors | None = None
        self._metrics: Mapping[str, float] = {}
        "further metrics of the same evaluation"
        self._seen: object = None
        self._found: Found | None = None
        "the chosen picture, or why it cannot be shown"
        self._thumbnails = Thumbnails(lambda: self.post_message(self.Decoded()))
        self._picture: Picture | None = None
        self._way: Way | None = None

    # --- what it shows ----------------------------------------------------------------------------------

    def show(self, state: UiState, now: float) -> None:
        """Draw a new evaluation, or another part of the same one."""
        self._state = state
        arm, run = state.view, state.run
        confusion = arm.confusion if arm is not None else None
        if confusion is not self._confusion:
            self._confusion = confusion
            self._errors = Errors(confusion) if confusion is not None else None
            self._metrics = metrics_of(arm, confusion)
        self._clamp()
        self._found = self._look()
        seen = (self._errors, run, self._view, self._at[self._view], id(self._found), self.size, self.app.theme)
        if seen != self._seen:
            self._seen = seen
            self.title(self._heading(arm))
            super().show(state, now)
            self._draw_picture()

    def on_mistakes_decoded(self) -> None:
        """Show the picture, if it is still the chosen one."""
        if self.is_attached:
            self.show(self._state, 0.0)

    def _heading(self, arm: ArmView | None) -> str:
        if self._errors is None or arm is None or self._confusion is None:
            return "mistakes"
        epochs, rest = divmod(self._confusion.step, arm.steps_per_epoch)
        when = f"step {self._confusion.step:,}" if rest or not epochs else f"epoch {epochs}"
        what, (_, first) = str(self._view), self._at[self._view]
        last = min(first + self._page, len(self._errors.per_class))
        if self._view == "classes" and self._page < len(self._errors.per_class):
            what = f"classes {first + 1}–{last} of {len(self._errors.per_class)}"
        short = f"mistakes of {arm.arm}, {when}" if what in VIEWS else f"mistakes: {what}, {when}"
        titles = (f"mistakes: {what}, {arm.arm} after {when}", short, f"mistakes: {what}")
        return next((title for title in titles if len(title) <= self.size.width - 4), titles[-1])  # digit, corner

    def text(self, state: UiState, now: float) -> Content:
        """The current view, or why there is nothing to show."""
        errors, (width, height) = self._errors, self.size
        if errors is None:
            tested = state.view is not None and state.view.curves.evaluations
            why = "not recorded by this run" if tested else "what the model gets wrong:\nafter the first evaluation"
            return Content(why)
        if self._view == "pictures" and not errors.worst and errors.correct < errors.images:
            return Content.assemble(("no mistake is named", "$muted"))
        if errors.correct == errors.images:
            pictures = f"all {errors.images:,} {PART_NAMES[state.part]} pictures"
            said = Content.assemble((f"{pictures} are classified correctly", "$success"))
            return lines(said, Content(""), metric_line(self._metrics, width))
        classes = state.run.classes if state.run is not None else ()
        x, y = self._at[self._view]
        if self._view == "classes":
            table = class_table(errors, classes, y, width, height - self._foot)
            return lines(table, Content(""), metric_line(self._metrics, width)) if self._foot else table
        if self._view == "matrix":
            return confusion_matrix(errors, classes, (x, y), self._grid)
        columns, rows, below = self._room_for_picture
        why = self._found if isinstance(self._found, str) else ""
        if not columns or why:
            return worst(errors, classes, y, width, height, why=why)
        if below:
            return lines(*[Content("")] * rows, worst(errors, classes, y, width, height - rows))
        beside = worst(errors, classes, y, width - columns - GAP, height)
        return lines(*(Content(" " * (columns + GAP)) + line for line in beside.split("\n")))

    # --- where it is ------------------------------------------------------------------------------------

    @property
    def _grid(self) -> Grid:
        assert self._errors is not None
        classes = self._state.run.classes if self._state.run is not None else ()
        return grid(self._errors, classes, self.size.width, self.size.height)

    @property
    def _listed(self) -> tuple[Mistake, ...]:
        """The mistakes whose pictures are shown."""
        return self._errors.worst if self._view == "pictures" and self._errors is not None else ()

    @property
    def _page(self) -> int:
        """Rows of a page without the titles; for pictures, rows of the list."""
        return max(self.size.height - (DETAILS if self._view == "pictures" else 1 + self._foot), 1)

    @property
    def _foot(self) -> int:
        """Rows for the further metrics below the classes."""
        if self._view != "classes" or self._errors is None or not self._metrics:
            return 0
        return FOOT if self.size.height >= min(1 + len(self._errors.per_class) + FOOT, ENOUGH) else 0

    @property
    def _last(self) -> tuple[int, int]:
        """The last column and row that the view can start at."""
        if self._errors is None:
            return 0, 0
        if self._view == "pictures":
            return 0, max(len(self._errors.worst) - 1, 0)
        number = len(self._errors.per_class)
        columns = self._grid.columns if self._view == "matrix" else number
        return max(number - columns, 0), max(number - self._page, 0)

    def _clamp(self) -> None:
        self._at[self._view] = cast(
            "tuple[int, int]",
            tuple(min(max(at, 0), last) for at, last in zip(self._at[self._view], self._last, strict=True)),
        )

    # --- keys -------------------------------------------------------------------------------------------

    def press(self, name: str) -> None:
        """Go to another view, scroll, choose a picture, copy its path."""
        x, y = self._at[self._view]
        beside = (0, 1) if self._view == "pictures" else (1, 0)
        moves = {
            "up": (x, y - 1),
            "down": (x, y + 1),
            "left": (x - beside[0], y - beside[1]),
            "right": (x + beside[0], y + beside[1]),
            "page_up": (x, y - self._page),
            "page_down": (x, y + self._page),
            "home": (0, 0),
            "end": self._last,
        }
        name = name.removeprefix("mistakes_")
        if name == "view":
            self._view = VIEWS[(VIEWS.index(self._view) + 1) % len(VIEWS)]
        elif name == "copy":
            self._copy()
        elif name in moves:
            self._go(moves[name])

    def _go(self, place: tuple[int, int]) -> None:
        self._at[self._view] = place
        self._clamp()

    def wheel(self, down: int, right: int) -> None:
        """Scroll, or choose the next picture."""
        x, y = self._at[self._view]
        self._go((x + right, y + down))

    def clicked(self, x: int, y: int) -> None:
        """Choose a picture of the list."""
        if self._listed:
            columns, rows, below = self._room_for_picture
            above = rows if columns and below else 0
            chosen = self._at["pictures"][1]
            self._go((0, at_row(len(self._listed), chosen, self.size.height - above, y - above)))

    def _copy(self) -> None:
        if not self._listed:
            self._state.tell(not_now("copy path", "no picture is chosen; v shows them"))
            return
        path = self._listed[self._at["pictures"][1]].path
        self.app.copy_to_clipboard(path)
        self._state.tell(Note(f"copied {printable(path)}", kept=False))

    # --- the picture itself -----------------------------------------------------------------------------

    @property
    def _room_for_picture(self) -> tuple[int, int, bool]:
        """Columns and rows for the picture, and whether the text is below it; 0 columns: there is no room."""
        return room_for_picture(*self.size) if self._how != "none" else (0, 0, False)

    @property
    def _how(self) -> Way:
        if self._way is None:
            self._way = self.host.picture_way()
        return self._way

    def _look(self) -> Found | None:
        """The chosen picture, or why it cannot be shown; `None` where there is no room, or while it is decoded."""
        columns, *_ = self._room_for_picture
        return self._thumbnails.get(self._listed[self._at["pictures"][1]].path) if self._listed and columns else None

    def _draw_picture(self) -> None:
        """Show the chosen picture at the top left of the pane, or hide it."""
        found = self._found
        if found is None or isinstance(found, str):
            if self._picture is not None:
                self._picture.display = False
            return
        if self._picture is None:
            self._picture = picture(self._how, cell_pixels())
            self.mount(self._picture)
        columns, rows, _ = self._room_for_picture
        self._picture.styles.width, self._picture.styles.height = fit(found.size, columns, rows)
        self._picture.display = True
        if self._picture.image is not found:
            self._picture.image = found
