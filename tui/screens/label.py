"""Asks for the path of a picture, and shows what the run's best weights say of it, beside the picture."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from engine.protocol.printable import printable
from tui.aside import aside
from tui.format import bar, percent
from tui.labelling import Label, Labelling
from tui.looking_app import LookingApp
from tui.terminal.graphics import cell_pixels, fit, picture
from tui.thumbnails import Found, thumbnail

NAME, BAR = 24, 20  # columns of the classes and of their bars
WIDEST = 40  # columns of the picture
ASKING = "The model is loaded and asked; this takes some seconds."


class LabelScreen(ModalScreen[None]):
    """The last question and its answer stay until the next one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", show=False)]

    def __init__(self, run: Path) -> None:
        """`run` is the folder of the run, on this machine."""
        super().__init__()
        self._run = run
        self._asked: Labelling | None = None

    def compose(self) -> ComposeResult:
        """The path, then the picture and the answer."""
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = Content(f"label a picture with {printable(self._run.name)}")
            sheet.border_subtitle = "Enter asks, Esc closes"
            yield Input(placeholder="path of a picture on this machine", compact=True)
            with Horizontal(id="answer"):
                yield Vertical(id="picture")
                yield Static(id="text")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: ask, in place of a question that has no answer yet."""
        if text := event.value.strip():
            self.run_worker(self._ask(Path(text).expanduser()), exclusive=True)

    async def _ask(self, file: Path) -> None:
        self._stop()
        if not file.is_file():
            what = "is a folder; name one picture in it" if file.is_dir() else "does not exist"
            await self._show(None, Content(f"{printable(str(file))} {what}"))
            return
        found = await aside(thumbnail, str(file))
        await self._show(found, Content(ASKING))
        self._asked = asked = Labelling(self._run, file)
        answer = await aside(asked.answer)
        if self._asked is asked:
            await self._show(found, self._text(answer))

    async def _show(self, found: Found | None, text: Content) -> None:
        """Show a picture, or why it cannot be shown, and a text beside it."""
        self.query_one("#text", Static).update(text)
        room = self.query_one("#picture", Vertical)
        await room.remove_children()
        how = cast(LookingApp, self.app).picture_way()
        room.display = found is not None and not isinstance(found, str) and how != "none"
        if found is None or isinstance(found, str) or not room.display:
            return
        columns, rows = fit(found.size, min(WIDEST, self.size.width // 3), max(self.size.height - 8, 4))
        image = picture(how, cell_pixels())
        image.styles.width, image.styles.height = columns, rows
        room.styles.width = columns + 2
        await room.mount(image)
        image.image = found

    def _text(self, answer: Label | str) -> Content:
        if isinstance(answer, str):
            return Content.styled(answer, "$error")
        return Content("\n").join([*_bars(answer), Content(""), Content.styled(answer.weights, "$muted")])

    def on_unmount(self) -> None:
        """Closed: nobody waits for the answer."""
        self._stop()

    def _stop(self) -> None:
        if self._asked is not None:
            self._asked.stop()
            self._asked = None


def _bars(label: Label) -> Iterator[Content]:
    """A line a class, the most probable one first."""
    width = min(max(len(name) for name, _ in label.top), NAME)
    for number, (name, probability) in enumerate(label.top):
        filled, empty = bar(probability, BAR)
        style = "bold $accent" if number == 0 else "$foreground"
        yield Content.assemble(
            (f"{name[:width]:<{width}}", style), "  ", (filled, "$accent"), empty, f"  {percent(probability):>7}"
        )
