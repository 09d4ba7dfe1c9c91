"""A few of the pictures that a run would train on, side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from engine.protocol.printable import printable
from tui.aside import aside
from tui.looking_app import LookingApp
from tui.terminal.graphics import cell_pixels, fit, picture
from tui.thumbnails import thumbnail

if TYPE_CHECKING:
    from PIL import Image

    from tui.terminal.graphics import Picture


class Samples(Horizontal):
    """Pictures as large as the styles say; each is decoded in a thread."""

    def show(self, paths: Sequence[str]) -> None:
        """Show these pictures, each with the name of its folder, which is its class."""
        self.run_worker(self._show([_Sample(path) for path in paths]), exclusive=True)

    async def _show(self, samples: "list[_Sample]") -> None:
        async with self.batch():
            await self.remove_children()
            await self.mount_all(samples)


class _Sample(Vertical):
    """A picture, or why it cannot be shown, and its name."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._label = "/".join(map(printable, Path(path).parts[-2:]))
        self._found: Image.Image | None = None
        self._picture: Picture | None = None

    def compose(self) -> ComposeResult:
        """The name; the picture is added when it is decoded."""
        yield Static(markup=False)

    def on_mount(self) -> None:
        """Decode the picture."""
        self.run_worker(self._decode())

    def on_resize(self) -> None:
        """Make the picture as large as there is room for."""
        columns, rows = self.content_size
        self.query(Static).last().update(_ending(self._label, columns))
        if self._picture is not None and self._found is not None and columns and rows > 1:
            self._picture.styles.width, self._picture.styles.height = fit(self._found.size, columns, rows - 1)

    async def _decode(self) -> None:
        how = cast(LookingApp, self.app).picture_way()
        if how == "none":
            return
        found = await aside(thumbnail, self._path)
        if isinstance(found, str):
            await self.mount(Static(found, markup=False), before=0)
            return
        self._found, self._picture = found, picture(how, cell_pixels())
        self.on_resize()
        await self.mount(self._picture, before=0)
        self._picture.image = found


def _ending(name: str, width: int) -> str:
    """The name in at most `width` cells: the beginning of the folder, which is the class, and the end of the file."""
    if len(name) <= width:
        return name
    kept = Path(name).parts[0][: width // 2 - 1]
    return f"{kept}…{name[-(width - len(kept) - 1) :]}"
