"""The classes a run would train on, and how many pictures each has."""

from textual.content import Content
from textual.widgets import Static

from engine.cli.preview import Pictures
from tui.panels.panel import fitted, lines

MOST = 100  # that are listed
NAME, NUMBER = 20, 8  # cells of a name and of a number, at most


class Classes(Static):
    """A line for each class, no longer than there is room for."""

    _pictures: Pictures | None = None

    def show(self, pictures: Pictures) -> None:
        """Show the classes of these pictures."""
        self._pictures = pictures
        self.on_resize()

    def on_resize(self) -> None:
        """Cut names to the new width, but no numbers."""
        if self._pictures is not None:
            self.update(_table(self._pictures, self.content_size.width))


def _table(found: Pictures, room: int) -> Content:
    """A line for each class, of at most `room` cells: its name and its numbers of pictures."""
    if not found.classes:
        return Content("")
    parts = found.parts
    largest = max(getattr(item, part) for item in found.classes for part in parts)
    longest = max(len(f"{largest:,}"), *map(len, parts)) + 1
    name = min(max(len(item.name) for item in found.classes), NAME)
    number = min(max((room - name) // len(parts), longest), NUMBER)
    width = max(min(name, room - len(parts) * number), 1)
    more = len(found.classes) - MOST
    return lines(
        Content.assemble(("".join([" " * width, *(f"{part:>{number}}" for part in parts)]), "$muted")),
        *(
            Content.assemble(fitted(item.name, width), *(f"{getattr(item, part):>{number},}" for part in parts))
            for item in found.classes[:MOST]
        ),
        *([Content.assemble((f"and {more:,} more", "$muted"))] if more > 0 else []),
    )
