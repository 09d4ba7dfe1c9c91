"""The label clinic: training pictures whose labels the model contradicts, the worst first, and what is right."""

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.figures.confusion import name_of
from engine.protocol import Command, CorrectLabel, Verdict
from engine.protocol.printable import printable
from tui.aside import aside
from tui.columns import Column, Columns
from tui.figures.clinic import Doubt
from tui.format import MISSING, ending
from tui.listing import Line, Listing
from tui.looking_app import LookingApp
from tui.panels.panel import lines
from tui.state import UiState
from tui.terminal.graphics import cell_pixels, fit, picture
from tui.thumbnails import thumbnail

FOLLOW_SECONDS = 0.5
WIDEST = 48  # columns of the picture
DETAILS = 8  # lines below it
KEYS = "r right, w wrong, x leave out, u undo, Esc closes"
NOTHING = "No label is in doubt. The list is made after each epoch."
COLUMNS = Columns(
    *(Column("margin", -7, 1), Column("  class", 14), Column("  model says", 14), Column("  you say", 14)),
    Column("  file", 24, 2),
)
SAID: dict[Verdict, str] = {"right": "right", "leave_out": "left out", "wrong": "", "undecided": ""}


class ClassScreen(ModalScreen[str | None]):
    """Asks for the right class of a picture. Its answer is the name of the class."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", show=False)]

    def __init__(self, file: str, classes: Sequence[str]) -> None:
        """`classes` are those to choose from, the likeliest one first."""
        super().__init__()
        self._file, self._class_names = file, classes

    def compose(self) -> ComposeResult:
        """The classes."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(f"the right class of {printable(self._file)}")
            dialog.border_subtitle = "Enter takes it, Esc closes"
            yield OptionList(*(Option(Content(name)) for name in self._class_names), markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self.dismiss(self._class_names[event.option_index])


class ClinicScreen(ModalScreen[None]):
    """A list of doubtful labels beside the chosen picture. Each key is a command to the run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "say('right')", show=False),
        Binding("w", "choose", show=False),
        Binding("x", "say('leave_out')", show=False),
        Binding("u", "say('undecided')", show=False),
        Binding("c", "copy", show=False),
        Binding("escape,q,L", "dismiss", show=False),
    ]

    def __init__(self, state: UiState, ask: Callable[[Command], None]) -> None:
        """`ask` sends a command to the run."""
        super().__init__()
        self._state, self._ask = state, ask
        self._doubts: dict[str, Doubt] = {}
        self._shown = ""
        "path of the picture that is shown"

    def compose(self) -> ComposeResult:
        """The picture and what is known of it, and the list."""
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = f"label clinic: {self._state.arm}"
            sheet.border_subtitle = self._state.locked or KEYS
            with Horizontal():
                with Vertical(id="chosen"):
                    yield Vertical(id="picture")
                    yield Static(id="text")
                yield Listing(COLUMNS)

    def on_mount(self) -> None:
        """Show the list, then follow the state."""
        self.query_one(OptionList).focus()
        self.call_after_refresh(self.follow)
        self.set_interval(FOLLOW_SECONDS, self.follow)

    def follow(self) -> None:
        """Show what is new."""
        doubts = self._state.clinic.doubts(self._state.arm)
        self._doubts = {doubt.path: doubt for doubt in doubts}
        self.query_one("#chosen").display = bool(doubts)
        self.query_one(Listing).show([self._line(doubt) for doubt in doubts], NOTHING)
        if not self._shown and doubts:
            self._look()

    # --- the chosen picture -----------------------------------------------------------------------------

    @property
    def _chosen(self) -> Doubt | None:
        return self._doubts.get(self.query_one(Listing).highlighted or "")

    def on_option_list_option_highlighted(self) -> None:
        """Another picture is chosen."""
        self._look()

    def _look(self) -> None:
        doubt = self._chosen
        if doubt is not None:
            room = self._room
            self.query_one("#chosen").styles.width = room[0] + 2
            self.query_one("#text", Static).update(self._details(doubt, room[0]))
            if doubt.path != self._shown:
                self._shown = doubt.path
                self.run_worker(self._show(doubt.path), exclusive=True)

    @property
    def _room(self) -> tuple[int, int]:
        """Columns and rows for the picture."""
        return min(WIDEST, self.size.width // 3 - 2), max(self.size.height - DETAILS - 4, 2)

    async def _show(self, path: str) -> None:
        """Show a picture, or why it cannot be shown."""
        found, how = await aside(thumbnail, path), cast(LookingApp, self.app).picture_way()
        room = self.query_one("#picture", Vertical)
        await room.remove_children()
        if isinstance(found, str) or how == "none":
            await room.mount(Static(Content.styled(found if isinstance(found, str) else "", "$muted")))
            return
        image = picture(how, cell_pixels())
        image.styles.width, image.styles.height = fit(found.size, *self._room)
        await room.mount(image)
        image.image = found

    def _details(self, doubt: Doubt, width: int) -> Content:
        suspect, rows = doubt.suspect, [Content(ending(doubt.path, width))]
        if suspect is not None:
            times = "once" if suspect.seen == 1 else f"{suspect.seen:,} times"
            rows += [
                Content.assemble(("class  ", "$muted"), (self._class_of(suspect.label), "bold $error")),
                Content.assemble(("model  ", "$muted"), (self._class_of(suspect.other), "bold $success")),
                Content.styled(f"margin {suspect.margin:.2f}", "$muted"),
                Content.styled(f"loss {suspect.loss:.2f}, seen {times}", "$muted"),
            ]
        if doubt.judged is not None:
            rows.append(Content.styled(f"you say: {self._said(doubt)}", "$accent"))
        return lines(*(row.truncate(width, ellipsis=True) for row in rows))

    def _line(self, doubt: Doubt) -> Line:
        suspect = doubt.suspect
        cells = (
            f"{suspect.margin:.2f}" if suspect is not None else MISSING,
            f"  {self._class_of(suspect.label) if suspect is not None else MISSING}",
            f"  {self._class_of(suspect.other) if suspect is not None else MISSING}",
            f"  {self._said(doubt)}",
            f"  {printable(PurePath(doubt.path).name)}",
        )
        return Line(doubt.path, cells, ("", "", "", "bold", ""))  # legible on the highlight, too

    def _said(self, doubt: Doubt) -> str:
        if doubt.judged is None:
            return ""
        return SAID[doubt.judged.verdict] or printable(doubt.judged.label)

    def _class_of(self, label: int) -> str:
        return name_of(self._class_names, label)

    @property
    def _class_names(self) -> tuple[str, ...]:
        return self._state.run.classes if self._state.run is not None else ()

    # --- keys -------------------------------------------------------------------------------------------

    def action_say(self, verdict: Verdict) -> None:
        """Say that the label is right, that the picture is of no use, or nothing any more."""
        doubt = self._chosen
        if doubt is not None and not (verdict == "undecided" and doubt.judged is None):
            self._send(CorrectLabel(doubt.path, verdict))

    def action_choose(self) -> None:
        """Choose the right class."""
        doubt = self._chosen
        if doubt is None or self._state.locked:
            return
        now, first = "", ""
        if doubt.suspect is not None:
            now, first = self._class_of(doubt.suspect.label), self._class_of(doubt.suspect.other)
        others = [name for name in self._class_names if name not in (now, first)]

        def answer(label: str | None) -> None:
            if label is not None:
                self._send(CorrectLabel(doubt.path, "wrong", label))

        self.app.push_screen(ClassScreen(PurePath(doubt.path).name, [first] * bool(first) + others), answer)

    def action_copy(self) -> None:
        """Copy the path of the chosen picture."""
        if (doubt := self._chosen) is not None:
            self.app.copy_to_clipboard(doubt.path)

    def _send(self, command: CorrectLabel) -> None:
        """Send a word, and go on to the next picture."""
        if self._state.locked:
            return
        self._ask(command)
        if command.verdict != "undecided":
            self.query_one(OptionList).action_cursor_down()
